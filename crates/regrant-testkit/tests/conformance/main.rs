//! The kit is tested itself: a right store passes every case, and each fault is caught by the case that is named for it.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests, and the stores that only they use")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use regrant_testkit::conformance;
use regrant_testkit::conformance::{Awaited, Blocking, Case, cases};

mod faulty;
mod names;

use faulty::{Fault, Place};

conformance!(sync: Place);
conformance!(async: Place);
conformance!(management: Place);
conformance!(async management: Place);

/// Whether the case of that name fails on the store. A panic in a case is no finding of the case.
fn catches<B>(cases: &[Case<B>], obligation: &str, bench: &B) -> Option<bool> {
    let case = cases.iter().find(|case| case.obligation() == obligation)?;
    let verdict = catch_unwind(AssertUnwindSafe(|| case.run(bench)));
    Some(verdict.expect("the case itself broke").is_err())
}

/// Whether the case of that name, on every port that has it, fails on a store with this fault.
fn is_caught(fault: Fault, obligation: &str) -> bool {
    let (blocking, awaited) = (|| Blocking(Place::with(fault)), || Awaited(Place::with(fault)));
    let found = [
        catches(&cases::of_tokens(), obligation, &blocking()),
        catches(&cases::of_tokens(), obligation, &awaited()),
        catches(&cases::of_awaited(), obligation, &awaited()),
        catches(&cases::of_management(), obligation, &blocking()),
        catches(&cases::of_management(), obligation, &awaited()),
        catches(&cases::of_awaited_management(), obligation, &awaited()),
    ];
    let mut found = found.into_iter().flatten().peekable();
    assert!(found.peek().is_some(), "there is no case {obligation}");
    found.all(|caught| caught)
}

macro_rules! caught {
    ($($(#[$attribute:meta])* $name:ident: $fault:ident by $obligation:literal;)+) => {$(
        #[test]
        $(#[$attribute])*
        fn $name() {
            assert!(is_caught(Fault::$fault, $obligation), "{:?} goes unnoticed by {}", Fault::$fault, $obligation);
        }
    )+};
}

mod faults {
    use super::*;

    caught! {
        the_guard_is_ignored: GuardIgnored by "replace-needs-revision";
        the_guard_is_too_wide: GuardTooWide by "replace-needs-revision";
        the_guard_compares_half_a_revision: GuardCut by "replace-needs-revision";
        the_guard_and_the_write_are_two_steps: GuardNotAtomic by "one-winner";
        a_missing_record_is_upserted: ReplaceUpserts by "replace-needs-revision";
        the_revision_is_not_bumped: RevisionNotBumped by "every-write-raises-revision";
        an_end_keeps_the_revision: EndKeepsRevision by "every-write-raises-revision";
        an_end_overwrites_an_earlier_end: EndOverwritesEnd by "end-ignores-revision";
        an_end_needs_the_revision: EndNeedsRevision by "end-ignores-revision";
        an_end_of_nothing_counts: EndOfNothingCommits by "outcome-is-true";
        an_end_clears_the_tokens: EndClearsTokens by "end-ignores-revision";
        an_insert_overwrites: InsertOverwrites by "insert-never-overwrites";
        a_late_commit_resurrects_a_revoked_grant: LateCommitResurrects by "end-is-final";
        an_end_that_keeps_the_revision_lets_a_late_commit_in: EndKeepsRevision by "end-is-final";
        load_filters_what_has_expired: LoadFiltersExpired by "load-does-not-filter";
        load_filters_what_was_revoked: LoadFiltersEnded by "load-does-not-filter";
        a_commit_is_acknowledged_before_it_is_durable: AcknowledgedEarly by "committed-is-durable";
        a_conflict_is_reported_as_success: ConflictAsSuccess by "outcome-is-true";
        success_is_reported_as_a_conflict: SuccessAsConflict by "outcome-is-true";
        half_of_a_record_is_written: HalfWritten by "whole-records";
        the_records_of_two_grants_are_swapped: RecordsSwapped by "one-record";
        two_ids_are_taken_for_one: IdCut by "one-record";
        a_read_is_stale_after_an_acknowledged_commit: StaleRead by "load-sees-commits";
        attributes_are_lost: AttributesLost by "whole-records";
        attributes_are_reordered: AttributesReordered by "whole-records";
        times_are_truncated_to_seconds: TimesTruncated by "whole-records";
        times_in_lists_are_truncated_to_seconds: ListTimesTruncated by "whole-records";
        numbers_are_rounded: NumbersRounded by "whole-records";
        list_skips_across_pages: ListSkips by "list-is-complete";
        list_repeats_across_pages: ListRepeats by "list-is-complete";
        list_filters_what_has_ended: ListFiltersEnded by "list-is-complete";
        revoke_by_subject_misses_one_page: EndMissesAPage by "end-misses-none";
        a_subject_is_taken_for_another: SubjectIgnoresCase by "filter-is-exact";
        a_bulk_end_overwrites_an_earlier_end: BulkEndsTheEnded by "end-spares-the-ended";
        a_bulk_end_keeps_the_revision: BulkKeepsRevision by "end-spares-the-ended";
        purge_removes_a_grant_with_a_live_access_token: PurgeIgnoresAccess by "purge-spares-the-living";
        purge_removes_a_grant_too_early: PurgeTooEarly by "purge-spares-the-living";
        purge_removes_what_was_just_refreshed: PurgeNotAtomic by "purge-spares-the-living";
        purge_misses_what_has_expired: PurgeMissesExpired by "purge-misses-none";
        purge_removes_what_was_dead_once: PurgeGoesByTheFirst by "purge-spares-the-living";
        purge_misses_what_has_died_since: PurgeGoesByTheFirst by "purge-misses-none";
        a_bulk_call_ignores_its_limit: LimitIgnored by "limit-holds";
        a_bulk_call_counts_before_it_is_durable: CountedEarly by "counted-is-durable";
        #[cfg_attr(not(target_os = "linux"), ignore = "only linux tells whether a thread waited")]
        the_async_port_blocks_the_runtime: BlocksRuntime by "never-blocks-the-runtime";
        #[cfg_attr(not(target_os = "linux"), ignore = "only linux tells whether a thread waited")]
        async_management_blocks_the_runtime: BlocksRuntime by "management-never-blocks";
        a_dropped_future_leaves_half_a_record: TornByDrop by "dropping-is-harmless";
    }
}
