//! The blocking lane: threads that may wait for a disk, so that no asynchronous worker ever does.
//!
//! What is in memory is answered at once; what is not comes here, some at a time. A cold read waits
//! for its turn and for its disk, and delays nobody else.

use fanfold_engine::{Engine, Error, ErrorKind};
use tokio::sync::Semaphore;

use crate::limits::LANE_THREADS;

/// See the module.
#[derive(Debug)]
pub(crate) struct Lane(Semaphore);

impl Default for Lane {
    fn default() -> Self {
        Self(Semaphore::new(LANE_THREADS))
    }
}

impl Lane {
    /// Runs `work` where it may wait, once there is a place.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        engine: Engine,
        work: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<T, Error> {
        // Never closed; a place is given back when the guard goes.
        let _place = self.0.acquire().await.map_err(|_| died())?;
        tokio::task::spawn_blocking(move || work(&engine)).await.map_err(|_| died())
    }

    /// How many more could run at once.
    pub(crate) fn free(&self) -> usize {
        self.0.available_permits()
    }
}

fn died() -> Error {
    Error::new(ErrorKind::Internal, "a read on the blocking lane did not end in order")
}
