//! How many files and sockets this process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Allows as many as the system lets this process have: many shells allow few by themselves, and each live client is a socket.
pub fn allow_all() {
    let limit = getrlimit(Resource::Nofile);
    let all = Rlimit {
        current: limit.maximum,
        ..limit
    };
    // Raising the limit up to its maximum is always allowed; without it, what needs more says so.
    let _ = setrlimit(Resource::Nofile, all);
}

/// Returns how many there may be; none if that has no limit.
pub fn allowed() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_allowed_as_the_system_lets_the_process_have() {
        allow_all();
        assert_eq!(allowed(), getrlimit(Resource::Nofile).maximum);
    }
}
