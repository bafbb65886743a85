//! Waiting for an answer with a thread.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake};
use std::thread::{self, Thread};

use futures_channel::oneshot;

/// Wakes the thread that waits.
struct Waiter(Thread);

impl Wake for Waiter {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for the answer; `None` where there never will be one.
pub(crate) fn wait<T>(answered: oneshot::Receiver<T>) -> Option<T> {
    let waker = Arc::new(Waiter(thread::current())).into();
    let (mut context, mut answered) = (Context::from_waker(&waker), pin!(answered));
    loop {
        match answered.as_mut().poll(&mut context) {
            Poll::Ready(answer) => return answer.ok(),
            Poll::Pending => thread::park(),
        }
    }
}
