//! The faults, one at a time.

/// What a store does wrong. Everything else it does right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// A replacement takes place at any revision.
    GuardIgnored,
    /// The guard is looked at, and the write comes later.
    GuardNotAtomic,
    /// The guard lets a newer expectation pass.
    GuardTooWide,
    /// The guard compares half of each revision.
    GuardCut,
    /// A replacement leaves the stored revision.
    RevisionNotBumped,
    /// An end leaves the revision.
    EndKeepsRevision,
    /// A later end takes the place of the first.
    EndOverwritesEnd,
    /// An end needs the revision that the store happened to hold first.
    EndNeedsRevision,
    /// An end of nothing makes no conflict.
    EndOfNothingCommits,
    /// An end also clears the tokens.
    EndClearsTokens,
    /// An insert takes the place of what is there.
    InsertOverwrites,
    /// A replacement of what is missing inserts it.
    ReplaceUpserts,
    /// A commit that had read the record before its end takes place after it.
    LateCommitResurrects,
    /// What has expired is not loaded.
    LoadFiltersExpired,
    /// What has ended is not loaded.
    LoadFiltersEnded,
    /// A commit is acknowledged first and written with the next one.
    AcknowledgedEarly,
    /// A lost race is answered as a success.
    ConflictAsSuccess,
    /// What was written is answered as a conflict.
    SuccessAsConflict,
    /// A replacement writes the refresh family and not the access tokens.
    HalfWritten,
    /// What is written goes to the record that was written before, and the other way round.
    RecordsSwapped,
    /// Records are told apart by half of their id.
    IdCut,
    /// A handle answers from a copy that it made earlier.
    StaleRead,
    /// Attributes are not kept.
    AttributesLost,
    /// Attributes are kept in the order of the alphabet.
    AttributesReordered,
    /// Times are kept in seconds.
    TimesTruncated,
    /// Times in the lists are kept in seconds.
    ListTimesTruncated,
    /// Numbers are kept as floating-point numbers.
    NumbersRounded,
    /// A list leaves the first grant of each page after the first out.
    ListSkips,
    /// A list begins each page with the last grant of the one before.
    ListRepeats,
    /// A list leaves out what has ended.
    ListFiltersEnded,
    /// The end of a subject's grants looks at the first page of the table only.
    EndMissesAPage,
    /// The end of a subject's grants takes names for equal that differ in case.
    SubjectIgnoresCase,
    /// The end of many overwrites the end of those that have ended.
    BulkEndsTheEnded,
    /// The end of many leaves the revisions.
    BulkKeepsRevision,
    /// A purge looks at refresh tokens only.
    PurgeIgnoresAccess,
    /// A purge deletes one millisecond too early.
    PurgeTooEarly,
    /// A purge deletes what a look before has found, whatever has become of it.
    PurgeNotAtomic,
    /// A purge looks at ended records only.
    PurgeMissesExpired,
    /// A purge goes by the death that a record had when it was inserted.
    PurgeGoesByTheFirst,
    /// Bulk operations know no limit.
    LimitIgnored,
    /// Bulk operations are acknowledged first and written with the next commit.
    CountedEarly,
    /// The future of each call blocks its thread.
    BlocksRuntime,
    /// The future of a replacement writes one half, yields, and writes the other.
    TornByDrop,
}
