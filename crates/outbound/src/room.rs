//! Room for large answers, so that many at once do not take all memory.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What answers are counted in, in bytes.
const UNIT: usize = 1024;
/// How much of an answer is read before room is asked for. Most answers are smaller.
pub const FREE: usize = 16 * UNIT;

/// The room that all answers share.
#[derive(Debug, Clone)]
pub struct Room {
    places: Arc<Semaphore>,
    all: u32,
}

/// The room that one answer takes. Dropped, it is free again.
#[derive(Debug)]
pub struct Held(OwnedSemaphorePermit);

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX)
}

impl Room {
    /// Room for so many bytes.
    pub fn new(bytes: usize) -> Self {
        let all = units(bytes).clamp(1, u32::MAX / 8);
        let places = usize::try_from(all).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            places: Arc::new(Semaphore::new(places)),
            all,
        }
    }

    /// Waits for room for an answer of up to so many bytes. It is taken at once: answers that each
    /// held a part and waited for the rest would wait for each other.
    pub async fn take(&self, bytes: usize) -> Option<Held> {
        let wanted = units(bytes).min(self.all);
        if let Ok(held) = self.places.clone().try_acquire_many_owned(wanted) {
            return Some(Held(held));
        }
        metrics::counter!("switchboard_held_back_total", "cap" => "answer memory").increment(1);
        let held = self.places.clone().acquire_many_owned(wanted).await;
        held.ok().map(Held)
    }
}

impl Held {
    /// Gives back what an answer of this size does not need.
    pub fn shrink(&mut self, bytes: usize) {
        let needed = usize::try_from(units(bytes)).unwrap_or(usize::MAX);
        drop(self.0.split(self.0.num_permits().saturating_sub(needed)));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn answers_wait_for_room_and_give_back_what_they_do_not_need() {
        let room = Room::new(100 * UNIT);
        let mut first = room.take(1 << 20).await;
        let waits = |bytes| tokio::time::timeout(Duration::from_secs(1), room.take(bytes));
        assert!(waits(UNIT).await.is_err());
        if let Some(first) = &mut first {
            first.shrink(60 * UNIT);
        }
        let second = waits(40 * UNIT).await;
        assert!(second.is_ok() && waits(UNIT).await.is_err());
        drop(first);
        assert!(waits(60 * UNIT).await.is_ok());
    }
}
