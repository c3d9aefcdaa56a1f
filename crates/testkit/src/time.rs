//! A clock that a test moves, and randomness that is the same in each run.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use switchboard_context::{Clock, Context, Randomness, Sleep};

/// The steps in which time passes, where it passes as it does for others: shorter than what servers wait
/// between two signs of life.
const STEP: Duration = Duration::from_secs(2);
/// How long a step waits for those whose timers went off to do what they waited for and wait again.
const SETTLE: Duration = Duration::from_millis(60);

/// A clock that stands still until the test moves it, and all timers with it.
#[derive(Debug, Clone)]
pub struct FakeClock(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    now: DateTime<Utc>,
    elapsed: Duration,
    /// Those that wait, by number: until when, and how they are woken.
    sleepers: HashMap<u64, (Duration, Option<Waker>)>,
    next: u64,
}

impl FakeClock {
    /// A clock that stands at a time.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self(Arc::new(Mutex::new(State {
            now,
            // No moment that anybody notes is zero.
            elapsed: Duration::from_hours(1),
            sleepers: HashMap::new(),
            next: 0,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets time pass at once, as it does for a process that was paused meanwhile: each timer that is
    /// due goes off, late.
    pub fn jump(&self, by: Duration) {
        let mut state = self.lock();
        state.now += TimeDelta::from_std(by).unwrap();
        state.elapsed += by;
        let elapsed = state.elapsed;
        for (until, waker) in state.sleepers.values_mut() {
            if *until <= elapsed
                && let Some(waker) = waker.take()
            {
                waker.wake();
            }
        }
    }

    /// Sets the wall clock, as an administrator does. No time passes.
    pub fn set(&self, now: DateTime<Utc>) {
        self.lock().now = now;
    }

    /// Lets time pass as it does for a process that runs: in steps, and after each of them whoever
    /// waited for it comes to do what it waited for.
    pub async fn pass(&self, duration: Duration) {
        let mut left = duration;
        while !left.is_zero() {
            let step = left.min(STEP);
            left -= step;
            let waiting = self.lock().sleepers.len();
            self.jump(step);
            let start = Instant::now();
            while !self.is_settled(waiting) && start.elapsed() < SETTLE {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }

    /// Whether nobody is due, and as many wait as before.
    fn is_settled(&self, waiting: usize) -> bool {
        let state = self.lock();
        let mut sleepers = state.sleepers.values();
        state.sleepers.len() >= waiting && sleepers.all(|(until, _)| *until > state.elapsed)
    }

    /// Time by this clock, with randomness and ids that follow from a seed. Two processes with one seed
    /// would give the same ids.
    pub fn context(&self, seed: u64) -> Context {
        let randomness = SeededRandomness(Mutex::new(StdRng::seed_from_u64(seed)));
        Context::new(Arc::new(self.clone()), Arc::new(randomness))
    }
}

impl Clock for FakeClock {
    fn now(&self) -> DateTime<Utc> {
        self.lock().now
    }

    fn elapsed(&self) -> Duration {
        self.lock().elapsed
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let mut state = self.lock();
        let (number, until) = (state.next, state.elapsed + duration);
        state.next += 1;
        state.sleepers.insert(number, (until, None));
        Box::pin(Sleeper {
            clock: self.clone(),
            number,
        })
    }
}

struct Sleeper {
    clock: FakeClock,
    number: u64,
}

impl Future for Sleeper {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<()> {
        let mut state = self.clock.lock();
        let elapsed = state.elapsed;
        match state.sleepers.get_mut(&self.number) {
            Some((until, waker)) if *until > elapsed => {
                *waker = Some(context.waker().clone());
                Poll::Pending
            }
            _ => {
                state.sleepers.remove(&self.number);
                Poll::Ready(())
            }
        }
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        self.clock.lock().sleepers.remove(&self.number);
    }
}

struct SeededRandomness(Mutex<StdRng>);

impl Randomness for SeededRandomness {
    fn fill(&self, buffer: &mut [u8]) {
        let mut generator = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        generator.fill_bytes(buffer);
    }
}
