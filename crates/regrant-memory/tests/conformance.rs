//! The memory store keeps every obligation of its ports, as far as a store that forgets can.

use std::sync::Arc;

use regrant_memory::MemoryStore;
use regrant_testkit::conformance;
use regrant_testkit::conformance::{Fixture, Runtime, block_on};

struct Memory(Arc<MemoryStore>);

impl Fixture for Memory {
    type Store = Arc<MemoryStore>;

    fn fresh() -> Self {
        Self(Arc::default())
    }

    fn open(&self) -> Arc<MemoryStore> {
        Arc::clone(&self.0)
    }
}

impl Runtime for Memory {
    fn run<T: Send>(&self, future: impl Future<Output = T> + Send) -> T {
        block_on(future)
    }
}

conformance!(volatile sync: Memory);
conformance!(volatile async: Memory);
conformance!(volatile management: Memory);
conformance!(volatile async management: Memory);
