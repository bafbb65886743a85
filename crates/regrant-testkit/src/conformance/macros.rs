//! From a fixture to tests. The lists of cases stand here and nowhere else: [`super::cases`] is made of them too.

/// Turns a [`Fixture`](crate::conformance::Fixture) into one test for each obligation.
///
/// | call | tests | beside `Fixture` it asks for |
/// |---|---|---|
/// | `conformance!(sync: F);` | the blocking port, in a module `sync_port` | `Durable` |
/// | `conformance!(async: F);` | the awaited port, in `async_port` | `Durable`, `Runtime` |
/// | `conformance!(management: F);` | management, in `management` | `Durable` |
/// | `conformance!(async management: F);` | management, in `async_management` | `Durable`, `Runtime` |
///
/// With `volatile` in front (`conformance!(volatile sync: F);`) `Durable` is not asked for, and the cases of durability
/// say by their names that they promise nothing beyond the process. A module finds `F` where the macro is called.
#[macro_export]
macro_rules! conformance {
    (sync: $fixture:ty $(,)?) => {
        $crate::__conformance_module!(sync_port, Blocking<$fixture>, [__cases_tokens, __cases_durable]);
    };
    (volatile sync: $fixture:ty $(,)?) => {
        $crate::__conformance_module!(sync_port, Blocking<$fixture>, [__cases_tokens, __cases_volatile]);
    };
    (async: $fixture:ty $(,)?) => {
        $crate::__conformance_module!(
            async_port,
            Awaited<$fixture>,
            [__cases_tokens, __cases_durable, __cases_awaited, __cases_unblocked]
        );
    };
    (volatile async: $fixture:ty $(,)?) => {
        $crate::__conformance_module!(
            async_port,
            Awaited<$fixture>,
            [__cases_tokens, __cases_volatile, __cases_awaited, __cases_unblocked]
        );
    };
    (management: $fixture:ty $(,)?) => {
        $crate::__conformance_module!(management, Blocking<$fixture>, [__cases_management, __cases_durable_management]);
    };
    (volatile management: $fixture:ty $(,)?) => {
        $crate::__conformance_module!(
            management,
            Blocking<$fixture>,
            [__cases_management, __cases_volatile_management]
        );
    };
    (async management: $fixture:ty $(,)?) => {
        $crate::__conformance_module!(
            async_management,
            Awaited<$fixture>,
            [__cases_management, __cases_durable_management, __cases_unblocked_management]
        );
    };
    (volatile async management: $fixture:ty $(,)?) => {
        $crate::__conformance_module!(
            async_management,
            Awaited<$fixture>,
            [__cases_management, __cases_volatile_management, __cases_unblocked_management]
        );
    };
}

/// One module of tests.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_module {
    ($module:ident, $bench:ident<$fixture:ty>, [$($list:ident),+]) => {
        mod $module {
            use super::*;
            $($crate::$list!([$crate::__conformance_tests] ($bench, $fixture));)+
        }
    };
}

/// The tests of one list.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_tests {
    (($bench:ident, $fixture:ty) $set:ident [$($(#[$attribute:meta])* $case:ident)+]) => {
        $(
            #[test]
            $(#[$attribute])*
            fn $case() -> Result<(), $crate::conformance::Failure> {
                $crate::conformance::$set::$case(&$crate::conformance::$bench::<$fixture>::fresh())
            }
        )+
    };
}

/// What a store owes on either port.
#[doc(hidden)]
#[macro_export]
macro_rules! __cases_tokens {
    ([$($visit:tt)+] $context:tt) => {
        $($visit)+! {
            $context tokens
            [
                load_sees_commits
                insert_never_overwrites
                replace_needs_revision
                one_winner
                end_ignores_revision
                end_is_final
                every_write_raises_revision
                outcome_is_true
                load_does_not_filter
                whole_records
                one_record
            ]
        }
    };
}

/// What a durable store owes.
#[doc(hidden)]
#[macro_export]
macro_rules! __cases_durable {
    ([$($visit:tt)+] $context:tt) => {
        $($visit)+! {
            $context durability
            [committed_is_durable]
        }
    };
}

/// What stands in for it where a store forgets.
#[doc(hidden)]
#[macro_export]
macro_rules! __cases_volatile {
    ([$($visit:tt)+] $context:tt) => {
        $($visit)+! {
            $context durability
            [committed_is_durable_until_the_process_ends]
        }
    };
}

/// What only an awaited store owes.
#[doc(hidden)]
#[macro_export]
macro_rules! __cases_awaited {
    ([$($visit:tt)+] $context:tt) => {
        $($visit)+! {
            $context awaited
            [dropping_is_harmless]
        }
    };
}

/// What only Linux can observe.
#[doc(hidden)]
#[macro_export]
macro_rules! __cases_unblocked {
    ([$($visit:tt)+] $context:tt) => {
        $($visit)+! {
            $context awaited
            [
                #[cfg_attr(not(target_os = "linux"), ignore = "only linux tells whether a thread waited")]
                never_blocks_the_runtime
            ]
        }
    };
}

/// What management owes.
#[doc(hidden)]
#[macro_export]
macro_rules! __cases_management {
    ([$($visit:tt)+] $context:tt) => {
        $($visit)+! {
            $context management
            [
                list_is_complete
                filter_is_exact
                end_spares_the_ended
                end_misses_none
                purge_spares_the_living
                purge_misses_none
                limit_holds
            ]
        }
    };
}

/// What management of a durable store owes.
#[doc(hidden)]
#[macro_export]
macro_rules! __cases_durable_management {
    ([$($visit:tt)+] $context:tt) => {
        $($visit)+! {
            $context durability
            [counted_is_durable]
        }
    };
}

/// What stands in for it where a store forgets.
#[doc(hidden)]
#[macro_export]
macro_rules! __cases_volatile_management {
    ([$($visit:tt)+] $context:tt) => {
        $($visit)+! {
            $context durability
            [counted_is_durable_until_the_process_ends]
        }
    };
}

/// What only Linux can observe of management.
#[doc(hidden)]
#[macro_export]
macro_rules! __cases_unblocked_management {
    ([$($visit:tt)+] $context:tt) => {
        $($visit)+! {
            $context awaited
            [
                #[cfg_attr(not(target_os = "linux"), ignore = "only linux tells whether a thread waited")]
                management_never_blocks
            ]
        }
    };
}
