//! Who is in the lab: every process that joined, where it serves, what it runs, and the way to tell it something.
//!
//! A process that only went silent keeps its place among the endpoints: taking it out would be a repair, and repairs
//! are the candidate's. One whose stream ended is gone, and its peers are told.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use proto::control::to_process::Body as Told;
use proto::control::{Endpoints, Hello, Instance, LoadStatus, ToProcess};
use resilience::shift::SECOND;
use tokio::sync::{mpsc, watch};
use tonic::Status;

/// The way to one process.
pub(crate) type Outbox = mpsc::Sender<Result<ToProcess, Status>>;

/// The services of the shop, in the order of its picture.
pub(crate) const SHOP: [&str; 7] = ["frontend", "cart", "search", "account", "order", "payment", "inventory"];

/// A process that was scaled away stays listed as gone until the scraper, which comes each second, has marked its
/// samples as ended; then it is forgotten, or it would be missed for ever.
const REMEMBERED: Duration = Duration::from_millis(2_500);

/// Whether a service is the shop's own: it follows the policy, and candidates may restart and scale it.
pub(crate) fn is_shop(service: &str) -> bool {
    SHOP.contains(&service)
}

/// How a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Joined, and heard within the last seconds.
    Up,
    /// Joined, and silent.
    Lost,
    /// Its stream ended.
    Gone,
}

/// One process of the lab.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) service: String,
    pub(crate) instance: String,
    pub(crate) traffic: String,
    /// Where its second region serves; empty if it has none.
    pub(crate) second: String,
    pub(crate) admin: String,
    pub(crate) pid: u32,
    /// Its own clock when it began.
    pub(crate) started_us: u64,
    pub(crate) state: State,
    pub(crate) policy_version: u64,
    pub(crate) offset_us: i64,
    pub(crate) offset_error_us: u64,
    /// What the load generator last said of itself.
    pub(crate) load: Option<LoadStatus>,
    session: u64,
    outbox: Outbox,
    /// When it was scaled away.
    scaled_away: Option<Instant>,
}

impl Member {
    /// Somebody scaled it away, and it has not come back.
    pub(crate) fn is_scaled_away(&self) -> bool {
        self.scaled_away.is_some()
    }
}

/// How a process came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// First time, or again with the same process.
    Joined,
    /// Another process under a known name.
    Restarted,
}

/// The lab's processes, by instance.
#[derive(Debug)]
pub(crate) struct Directory {
    members: Mutex<Members>,
    changed: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Members {
    by_instance: BTreeMap<String, Member>,
    sessions: u64,
}

impl Directory {
    pub(crate) fn new() -> Self {
        Self { members: Mutex::default(), changed: watch::Sender::new(0) }
    }

    /// Takes a process in and tells everybody where it serves. The session number tells this stay from a later one.
    pub(crate) fn join(&self, hello: &Hello, outbox: Outbox) -> (u64, Arrival) {
        let mut members = self.held();
        members.sessions += 1;
        let session = members.sessions;
        let known = members.by_instance.get(&hello.instance);
        let arrival = match known {
            Some(known) if (known.pid, known.started_us) != (hello.pid, hello.started_us) => {
                Arrival::Restarted
            }
            _ => Arrival::Joined,
        };
        members.by_instance.insert(
            hello.instance.clone(),
            Member {
                service: hello.service.clone(),
                instance: hello.instance.clone(),
                traffic: hello.traffic_address.clone(),
                second: hello.second_address.clone(),
                admin: hello.admin_address.clone(),
                pid: hello.pid,
                started_us: hello.started_us,
                state: State::Up,
                policy_version: 0,
                offset_us: 0,
                offset_error_us: 0,
                load: None,
                session,
                outbox,
                scaled_away: None,
            },
        );
        members.tell_endpoints(&hello.service);
        drop(members);
        self.touch();
        (session, arrival)
    }

    /// Changes what is known of a process, unless a newer stay replaced it. Says whether it did.
    pub(crate) fn update(&self, instance: &str, session: u64, change: impl FnOnce(&mut Member)) -> bool {
        let mut members = self.held();
        let Some(member) = members.by_instance.get_mut(instance).filter(|member| member.session == session)
        else {
            return false;
        };
        change(member);
        // What a process said before it was scaled away does not bring it back.
        if member.scaled_away.is_some() {
            member.state = State::Gone;
        }
        drop(members);
        self.touch();
        true
    }

    /// The process is gone; its peers are told. False if a newer stay replaced it.
    pub(crate) fn leave(&self, instance: &str, session: u64) -> bool {
        let mut members = self.held();
        let Some(member) = members.by_instance.get_mut(instance).filter(|member| member.session == session)
        else {
            return false;
        };
        member.state = State::Gone;
        let service = member.service.clone();
        members.tell_endpoints(&service);
        drop(members);
        self.touch();
        true
    }

    /// A process was scaled away, whether its stream has ended yet or not: it is gone now, and forgotten soon.
    pub(crate) fn forget(&self, instance: &str) {
        let mut members = self.held();
        let Some(member) = members.by_instance.get_mut(instance) else { return };
        member.scaled_away = Some(Instant::now());
        if member.state != State::Gone {
            member.state = State::Gone;
            let service = member.service.clone();
            members.tell_endpoints(&service);
        }
        drop(members);
        self.touch();
    }

    /// Tells every process something.
    pub(crate) fn tell_all(&self, told: &Told) {
        self.held().tell_all(told);
    }

    /// Tells one process something.
    pub(crate) fn tell(&self, instance: &str, told: Told) {
        if let Some(member) = self.held().by_instance.get(instance) {
            member.tell(told);
        }
    }

    /// The endpoints of every service that has any: what a newcomer is told.
    pub(crate) fn all_endpoints(&self) -> Vec<Told> {
        let members = self.held();
        let mut services: Vec<&str> =
            members.by_instance.values().map(|member| member.service.as_str()).collect();
        services.sort_unstable();
        services.dedup();
        services.into_iter().flat_map(|service| members.endpoints(service)).collect()
    }

    /// Every process, by instance.
    pub(crate) fn members(&self) -> Vec<Member> {
        self.members_at(Instant::now())
    }

    fn members_at(&self, now: Instant) -> Vec<Member> {
        let mut members = self.held();
        let old = |since: Instant| now.saturating_duration_since(since) > REMEMBERED;
        members.by_instance.retain(|_, member| !member.scaled_away.is_some_and(old));
        members.by_instance.values().cloned().collect()
    }

    /// The first live process of a service.
    pub(crate) fn first(&self, service: &str) -> Option<Member> {
        self.live(service).into_iter().next()
    }

    /// The live processes of a service, by instance.
    pub(crate) fn live(&self, service: &str) -> Vec<Member> {
        let members = self.held();
        let live = |member: &&Member| member.service == service && member.state != State::Gone;
        members.by_instance.values().filter(live).cloned().collect()
    }

    /// How many live instances each service has.
    pub(crate) fn counts(&self) -> BTreeMap<String, u32> {
        let mut counts = BTreeMap::new();
        for member in self.held().by_instance.values().filter(|member| member.state != State::Gone) {
            *counts.entry(member.service.clone()).or_default() += 1;
        }
        counts
    }

    /// Wakes whenever anything here changes.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn touch(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    fn held(&self) -> MutexGuard<'_, Members> {
        self.members.lock().expect("no code panics while it holds the directory")
    }
}

impl Members {
    /// Where a service serves, and where its second region does if it has ever had one.
    fn endpoints(&self, service: &str) -> Vec<Told> {
        let of = |member: &&Member| member.service == service;
        let at = |region: &str, address: fn(&Member) -> &String| {
            let there = |member: &&Member| member.state != State::Gone && !address(member).is_empty();
            let instance = |member: &Member| Instance {
                name: format!("{}{region}", member.instance),
                address: address(member).clone(),
            };
            let instances = self.by_instance.values().filter(of).filter(there).map(instance).collect();
            Told::Endpoints(Endpoints { target: format!("{service}{region}"), instances })
        };
        let mut told = vec![at("", |member| &member.traffic)];
        if self.by_instance.values().filter(of).any(|member| !member.second.is_empty()) {
            told.push(at(SECOND, |member| &member.second));
        }
        told
    }

    fn tell_endpoints(&self, service: &str) {
        self.endpoints(service).iter().for_each(|told| self.tell_all(told));
    }

    fn tell_all(&self, told: &Told) {
        for member in self.by_instance.values() {
            member.tell(told.clone());
        }
    }
}

impl Member {
    /// A box that is full belongs to a process that does not read (it is frozen): it catches up when it joins again.
    fn tell(&self, told: Told) {
        if self.state != State::Gone && self.outbox.try_send(Ok(ToProcess { body: Some(told) })).is_err() {
            tracing::warn!(instance = %self.instance, "process does not read what it is told");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(service: &str, pid: u32) -> Hello {
        Hello {
            service: service.to_owned(),
            instance: format!("{service}-0"),
            traffic_address: format!("127.0.0.1:{pid}"),
            pid,
            ..Hello::default()
        }
    }

    fn told(rx: &mut mpsc::Receiver<Result<ToProcess, Status>>) -> Vec<(String, usize)> {
        let mut all = Vec::new();
        while let Ok(Ok(ToProcess { body: Some(Told::Endpoints(endpoints)) })) = rx.try_recv() {
            all.push((endpoints.target, endpoints.instances.len()));
        }
        all
    }

    #[test]
    fn everybody_is_told_of_a_newcomer_and_of_one_who_left() {
        let directory = Directory::new();
        let (tx, mut rx) = mpsc::channel(8);
        directory.join(&hello("cart", 1), tx);
        let (tx, _bank) = mpsc::channel(8);
        let (session, _) = directory.join(&hello("bank", 2), tx);
        assert_eq!(told(&mut rx), [("cart".to_owned(), 1), ("bank".to_owned(), 1)]);
        assert!(directory.leave("bank-0", session));
        assert_eq!(told(&mut rx), [("bank".to_owned(), 0)]);
    }

    #[test]
    fn a_second_region_is_a_target_of_its_own_and_goes_with_its_process() {
        let directory = Directory::new();
        let (tx, mut rx) = mpsc::channel(8);
        directory.join(&hello("payment", 1), tx);
        let (tx, _bank) = mpsc::channel(8);
        let bank = Hello { second_address: "127.0.0.1:9".to_owned(), ..hello("bank", 2) };
        let (session, _) = directory.join(&bank, tx);
        let both = |count| [("bank".to_owned(), count), ("bank@second".to_owned(), count)];
        assert_eq!(told(&mut rx)[1..], both(1));
        assert_eq!(directory.all_endpoints().len(), 3, "what a newcomer is told");
        assert!(directory.leave("bank-0", session));
        assert_eq!(told(&mut rx), both(0));
    }

    #[test]
    fn a_silent_process_keeps_its_endpoint() {
        let directory = Directory::new();
        let (tx, _rx) = mpsc::channel(8);
        let (session, _) = directory.join(&hello("payment", 1), tx);
        directory.update("payment-0", session, |member| member.state = State::Lost);
        assert_eq!(directory.counts()["payment"], 1);
    }

    #[test]
    fn who_is_scaled_away_is_gone_for_the_scraper_and_then_forgotten_in_either_order() {
        for stream_ends_first in [true, false] {
            let directory = Directory::new();
            let (tx, _rx) = mpsc::channel(8);
            let (session, _) = directory.join(&hello("search", 1), tx.clone());
            if stream_ends_first {
                assert!(directory.leave("search-0", session));
            }
            directory.forget("search-0");
            directory.update("search-0", session, |member| member.state = State::Up);
            if !stream_ends_first {
                assert!(directory.leave("search-0", session));
            }
            let members = directory.members();
            assert_eq!(members.iter().map(|member| member.state).collect::<Vec<_>>(), [State::Gone]);
            assert!(members[0].is_scaled_away());
            assert!(directory.members_at(Instant::now() + REMEMBERED).is_empty());
            // One who comes back under the name is not forgotten for the other's sake.
            directory.join(&hello("search", 2), tx);
            assert_eq!(directory.members_at(Instant::now() + 2 * REMEMBERED).len(), 1);
        }
    }

    #[test]
    fn the_end_of_an_old_stay_does_not_end_the_new_one() {
        let directory = Directory::new();
        let (tx, _rx) = mpsc::channel(8);
        let (old, first) = directory.join(&hello("payment", 1), tx.clone());
        let (_, second) = directory.join(&hello("payment", 2), tx);
        assert_eq!((first, second), (Arrival::Joined, Arrival::Restarted));
        assert!(!directory.leave("payment-0", old));
        assert_eq!(directory.members()[0].state, State::Up);
    }
}
