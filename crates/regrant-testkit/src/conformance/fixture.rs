//! What the author of a store tells the kit.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

/// A place where one store keeps its records: a file, a schema, an empty map.
///
/// The methods belong to a test: they may panic.
pub trait Fixture: Sync + Sized {
    /// The store under test.
    type Store: Send + Sync;

    /// A new and empty place. Cases run side by side, so no two share one.
    fn fresh() -> Self;

    /// A handle to the records of this place, as another process or another connection would open it. A store that
    /// lives in one process only hands out the same one again, in an [`Arc`].
    fn open(&self) -> Self::Store;
}

/// A place that outlives a crash.
pub trait Durable: Fixture {
    /// What a crash leaves, opened again. It must not give `store` a chance to write anything more before its
    /// files are taken as they are: no flush, no orderly close. To copy the files first and to open the copy does it.
    fn crash(&self, store: Self::Store) -> Self::Store;
}

/// How futures are run in this place.
pub trait Runtime: Fixture {
    /// Runs one future to its end, on the thread that calls. Several threads call it at once. A store that needs no
    /// runtime is served by [`block_on`].
    fn run<T: Send>(&self, future: impl Future<Output = T> + Send) -> T;
}

/// The smallest executor: polls on this thread, and parks it meanwhile.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
