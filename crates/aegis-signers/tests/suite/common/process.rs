//! A service of a test's own: started, held, ended.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// A process, which ends with the test.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start(command: &mut Command) -> Self {
        // What it starts itself ends with it.
        command.process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    /// Ends it as a machine does that fails.
    pub(crate) fn kill(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            self.signal("KILL");
        }
        let _ = self.0.wait();
    }

    /// Ends it in order.
    pub(crate) fn terminate(&mut self) {
        self.signal("TERM");
        let _ = self.0.wait();
    }

    /// Lets it hang: connections are taken, and nothing is answered.
    pub(crate) fn hold(&self) {
        self.signal("STOP");
        for _ in 0..500 {
            if self.is_held() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("it does not stop");
    }

    /// Whether all of its threads have stopped: until then one of them may still answer.
    fn is_held(&self) -> bool {
        let threads = fs::read_dir(format!("/proc/{}/task", self.0.id())).unwrap();
        let mut states = threads.filter_map(|thread| fs::read_to_string(thread.unwrap().path().join("stat")).ok());
        // The name of the program, in parentheses, comes before the state.
        states.all(|stat| stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('T')))
    }

    /// Lets it go on.
    pub(crate) fn release(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let group = format!("-{}", self.0.id());
        assert!(Command::new("kill").args([&format!("-{name}"), "--", &group]).status().unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port of this machine that nobody uses.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// Runs a program to its end.
pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    let done = Command::new(program).args(arguments).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    let told = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{program} {arguments:?}: {told}");
    told
}
