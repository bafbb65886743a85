//! The cases as values, for whoever runs them without the macro.

use std::fmt;

use regrant::{AsyncGrantManagement, AsyncTokenStore};

use super::{Awaited, Durable, DurableBench, Failure, ManagedBench, Runtime, awaited, durability, management, tokens};

/// One obligation and how it is checked.
pub struct Case<B> {
    /// The name of the case: its obligation, with underscores.
    name: &'static str,
    run: fn(&B) -> Result<(), Failure>,
}

impl<B> Case<B> {
    /// The obligation, as the documentation of the port names it: `insert-never-overwrites` for instance.
    pub fn obligation(&self) -> String {
        self.name.replace('_', "-")
    }

    /// Checks a new and empty place. It panics where the fixture or the store does.
    ///
    /// # Errors
    /// The store does not keep the obligation.
    pub fn run(&self, bench: &B) -> Result<(), Failure> {
        (self.run)(bench)
    }
}

impl<B> fmt::Debug for Case<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Case").field(&self.name).finish()
    }
}

/// The cases of one list.
macro_rules! listed {
    (() $set:ident [$($(#[$attribute:meta])* $case:ident)+]) => {
        vec![$(Case { name: stringify!($case), run: $set::$case }),+]
    };
}

/// What every store owes, on either port.
pub fn of_tokens<B: DurableBench>() -> Vec<Case<B>> {
    let mut cases = crate::__cases_tokens!([listed]());
    cases.extend(crate::__cases_durable!([listed]()));
    cases
}

/// What an awaited store owes beside [`of_tokens`].
pub fn of_awaited<F: Runtime<Store: AsyncTokenStore>>() -> Vec<Case<Awaited<F>>> {
    let mut cases = crate::__cases_awaited!([listed]());
    cases.extend(crate::__cases_unblocked!([listed]()));
    cases
}

/// What management owes, on either port.
pub fn of_management<B: DurableBench + ManagedBench>() -> Vec<Case<B>> {
    let mut cases = crate::__cases_management!([listed]());
    cases.extend(crate::__cases_durable_management!([listed]()));
    cases
}

/// What awaited management owes beside [`of_management`].
pub fn of_awaited_management<F>() -> Vec<Case<Awaited<F>>>
where
    F: Runtime<Store: AsyncTokenStore + AsyncGrantManagement> + Durable,
{
    crate::__cases_unblocked_management!([listed]())
}

/// What stands in for the cases of durability where a store forgets.
pub fn of_volatile<B: ManagedBench>() -> Vec<Case<B>> {
    let mut cases = crate::__cases_volatile!([listed]());
    cases.extend(crate::__cases_volatile_management!([listed]()));
    cases
}
