//! Work that is finished, whatever becomes of the connection that asked for it.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// Work that its connection does itself. If the connection goes away in between, a task of its own finishes it: a client
/// that hangs up must not stop a decision halfway between its commit and its record.
///
/// A task for each request from the start would be the same, and dearer: it is handed from one thread to another and
/// back.
pub(super) struct Finishing<T: Send + 'static> {
    work: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
}

/// What a panic carried.
pub(super) struct Panicked(Box<dyn Any + Send>);

/// Does work that is done at once. A panic ends it and nothing else.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(work)).map_err(Panicked)
}

impl<T: Send + 'static> Finishing<T> {
    pub(super) fn new(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self { work: Some(Box::pin(work)) }
    }
}

impl<T: Send + 'static> Future for Finishing<T> {
    type Output = Result<T, Panicked>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(work) = &mut self.work else {
            return Poll::Pending;
        };
        let done = match caught(|| work.as_mut().poll(context)) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(answer)) => Ok(answer),
            Err(panicked) => Err(panicked),
        };
        self.work = None;
        Poll::Ready(done)
    }
}

impl<T: Send + 'static> Drop for Finishing<T> {
    fn drop(&mut self) {
        // Without a runtime there is nobody left to finish anything.
        if let (Some(work), Ok(runtime)) = (self.work.take(), Handle::try_current()) {
            runtime.spawn(work);
        }
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.downcast_ref::<&str>().copied();
        f.write_str(text.or_else(|| self.0.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message"))
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn, ready};

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_comes_to_its_end() {
        assert_eq!(Finishing::new(ready(7)).await.ok(), Some(7));
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_any_more_comes_to_its_end_too() {
        let (go, gone) = oneshot::channel();
        let (tell, told) = oneshot::channel();
        let mut work = Box::pin(Finishing::new(async move {
            gone.await.unwrap();
            tell.send("finished").unwrap();
        }));
        // Begun, and not finished.
        assert!(poll_fn(|context| Poll::Ready(work.as_mut().poll(context).is_pending())).await);
        drop(work);
        go.send(()).unwrap();
        assert_eq!(told.await, Ok("finished"));
    }

    #[tokio::test]
    async fn a_panic_ends_the_work_and_nothing_else() {
        let panicked = Finishing::new(async { panic!("this is a test") }).await.unwrap_err();
        assert_eq!(panicked.to_string(), "this is a test");
    }

    #[test]
    fn without_a_runtime_nothing_happens() {
        drop(Finishing::new(pending::<()>()));
    }
}
