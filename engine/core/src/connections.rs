//! Connections by (session, host): opened, reused, closed. At most so many at once for each pair.

use std::collections::BTreeMap;

use crate::{AttemptId, ConnectionId, Host, SessionId, TaskKey, Time};

/// What a connection is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// It is being opened for this task, for no longer than until then.
    Opening(TaskKey, Time),
    /// It carries this attempt.
    Busy(AttemptId),
    /// It is kept for the next one, until then.
    Idle(Time),
}

/// One connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Connection {
    pub(crate) session: SessionId,
    pub(crate) host: Host,
    pub(crate) used: Use,
}

/// All connections of one session to one host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Pool {
    count: u32,
    idle: Vec<ConnectionId>,
}

/// The table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Connections {
    all: BTreeMap<ConnectionId, Connection>,
    pools: BTreeMap<(SessionId, Host), Pool>,
    last: u64,
}

impl Connections {
    /// Whether another attempt may begin: on an idle connection or on a new one.
    pub(crate) fn has_room(&self, session: SessionId, host: &Host, limit: u32) -> bool {
        match self.pools.get(&(session, host.clone())) {
            Some(pool) => !pool.idle.is_empty() || pool.count < limit,
            None => true,
        }
    }

    /// Takes the connection that was used last, if one is idle.
    pub(crate) fn take_idle(&mut self, session: SessionId, host: &Host) -> Option<ConnectionId> {
        self.pools.get_mut(&(session, host.clone()))?.idle.pop()
    }

    pub(crate) fn open(
        &mut self,
        session: SessionId,
        host: &Host,
        task: TaskKey,
        until: Time,
    ) -> ConnectionId {
        self.last += 1;
        let id = ConnectionId(self.last);
        let used = Use::Opening(task, until);
        let host = host.clone();
        self.pools.entry((session, host.clone())).or_default().count += 1;
        self.all.insert(id, Connection { session, host, used });
        id
    }

    pub(crate) fn get(&self, id: ConnectionId) -> Option<&Connection> {
        self.all.get(&id)
    }

    pub(crate) fn set_busy(&mut self, id: ConnectionId, attempt: AttemptId) {
        let connection = self.all.get_mut(&id).expect("a connection in use is in the table");
        connection.used = Use::Busy(attempt);
    }

    pub(crate) fn set_idle(&mut self, id: ConnectionId, until: Time) {
        let connection = self.all.get_mut(&id).expect("a connection in use is in the table");
        connection.used = Use::Idle(until);
        let key = (connection.session, connection.host.clone());
        self.pools.entry(key).or_default().idle.push(id);
    }

    pub(crate) fn remove(&mut self, id: ConnectionId) -> Option<Connection> {
        let connection = self.all.remove(&id)?;
        let key = (connection.session, connection.host.clone());
        let pool = self.pools.get_mut(&key).expect("a connection has a pool");
        pool.count -= 1;
        pool.idle.retain(|idle| *idle != id);
        if pool.count == 0 {
            self.pools.remove(&key);
        }
        Some(connection)
    }

    /// The tasks for which connections are opened or busy, by the name that their attempts carry.
    pub(crate) fn users(&self) -> Vec<TaskKey> {
        self.all
            .values()
            .filter_map(|connection| match &connection.used {
                Use::Opening(task, _) => Some(*task),
                Use::Busy(attempt) => Some(attempt.task),
                Use::Idle(_) => None,
            })
            .collect()
    }

    /// Idle connections, of one session or of all, in order.
    pub(crate) fn idle(&self, session: Option<SessionId>) -> Vec<ConnectionId> {
        self.all
            .iter()
            .filter(|(_, c)| matches!(c.used, Use::Idle(_)))
            .filter(|(_, c)| session.is_none_or(|session| c.session == session))
            .map(|(id, _)| *id)
            .collect()
    }
}
