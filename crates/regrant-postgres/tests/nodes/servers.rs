//! A primary and its standby, and how one takes over from the other.

use std::time::{Duration, Instant};

use throwaway_postgres::Server;

/// Two servers, on two ports for ever, of which one takes writes.
pub(crate) struct Servers {
    pub(crate) primary: Server,
    pub(crate) standby: Server,
    pub(crate) database: String,
    synchronous: bool,
}

impl Servers {
    pub(crate) fn start(synchronous: bool) -> Self {
        let primary = Server::start(&[]).unwrap();
        let database = primary.database().unwrap();
        let standby = primary.standby("standby", ALONE).unwrap();
        let servers = Self { primary, standby, database, synchronous };
        servers.attach();
        servers
    }

    /// Both servers, for a node that asks for the one that takes writes.
    pub(crate) fn url(&self) -> String {
        let (one, other) = (self.primary.port(), self.standby.port());
        format!("postgres://postgres@127.0.0.1:{one},127.0.0.1:{other}/{}", self.database)
    }

    /// Kills the primary, says that it is `dead`, and promotes the standby, which is alone from then on.
    pub(crate) fn fail_over(self, dead: impl FnOnce()) -> Alone {
        self.primary.crash().unwrap();
        dead();
        self.standby.promote().unwrap();
        Alone { fallen: self.primary, primary: self.standby, database: self.database, synchronous: self.synchronous }
    }

    /// Has the standby follow through a proxy, and waits until it does.
    pub(crate) fn follow_through(&self, port: u16) {
        let source = format!(
            "ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port={port} user=postgres application_name=standby \
             sslmode=disable gssencmode=disable'"
        );
        self.standby.sql("postgres", &source).unwrap();
        self.standby.sql("postgres", "SELECT pg_reload_conf()").unwrap();
        let through = format!("SELECT count(*) FROM pg_stat_wal_receiver WHERE conninfo LIKE '%port={port} %'");
        eventually("the standby follows through the proxy", || self.standby.sql("postgres", &through).unwrap() == "1");
        self.attach();
    }

    /// Waits until the standby has what the primary has written.
    pub(crate) fn catch_up(&self) {
        let written = self.primary.sql("postgres", "SELECT pg_current_wal_lsn()").unwrap();
        let replayed = format!("SELECT pg_last_wal_replay_lsn() >= '{written}'");
        eventually("the standby catches up", || self.standby.sql("postgres", &replayed).unwrap() == "t");
    }

    /// Waits until the standby follows, and in a synchronous pair until the primary waits for it.
    fn attach(&self) {
        if self.synchronous {
            self.primary.configure(&[("synchronous_standby_names", "standby")]).unwrap();
        }
        let wanted = if self.synchronous { "streaming|sync" } else { "streaming|async" };
        let follows = "SELECT state, sync_state FROM pg_stat_replication WHERE application_name = 'standby'";
        eventually("the standby follows", || self.primary.sql("postgres", follows).unwrap() == wanted);
    }
}

/// Waits until `fact` is true, far longer than it should take.
pub(crate) fn eventually(what: &str, fact: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_mins(1);
    while !fact() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The settings of a standby. Once it is promoted, it waits for nobody; and when its primary is gone, it looks for it ten
/// times a second instead of every five seconds, since a promotion may have to wait for that.
const ALONE: &[(&str, &str)] = &[("synchronous_standby_names", ""), ("wal_retrieve_retry_interval", "100ms")];

/// The survivor.
pub(crate) struct Alone {
    fallen: Server,
    primary: Server,
    database: String,
    synchronous: bool,
}

impl Alone {
    /// A new standby takes the place of the server that fell.
    pub(crate) fn rebuild(self) -> Servers {
        let standby = self.primary.standby_in_place_of(self.fallen, "standby", ALONE).unwrap();
        let Self { primary, database, synchronous, .. } = self;
        let servers = Servers { primary, standby, database, synchronous };
        servers.attach();
        servers
    }
}
