//! The real clock and the real randomness: the one place that asks the system for them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use switchboard_app::{Clock, Context, Randomness, Sleep};

/// The system's clock.
struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where the clock is made")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn elapsed(&self) -> Duration {
        // The clock that also counts while the machine sleeps.
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
        Duration::new(seconds, u32::try_from(now.tv_nsec).unwrap_or_default())
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// The system's randomness, drawn through a generator that reseeds itself from it.
struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, buffer: &mut [u8]) {
        use rand::Rng as _;
        rand::rng().fill_bytes(buffer);
    }
}

/// Real time and real randomness.
pub fn context() -> Context {
    Context::new(
        std::sync::Arc::new(SystemClock),
        std::sync::Arc::new(SystemRandomness),
    )
}

/// Random bytes as hexadecimal digits.
pub fn random_hex(context: &Context, bytes: usize) -> String {
    use std::fmt::Write as _;
    let mut random = vec![0; bytes];
    context.fill(&mut random);
    random.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
