//! Each fault of containers: what the engine, the kernel and the container's own door say while it is on and after, and
//! what the guard says that it measured.

use std::time::Duration;

use serde_json::{Value, json};
use tests::http::Ask;
use tests::site::SOON;
use tests::until;

use super::{AGAIN, Harbour};
use crate::faults::{add, clear, list, print, row, until_over};

/// Nobody who is well takes as long to say so.
const SILENT: Duration = Duration::from_millis(500);

/// Whether a process answers on its admin port.
fn answers(address: &str) -> bool {
    let asked = Ask::get(&format!("{address}:9090"), "/healthz").patience(SILENT).send();
    asked.is_ok_and(|answer| answer.status == 200)
}

/// What a container may use, as the engine keeps it. A quota of less than nothing is none.
fn limits(told: &Value) -> Value {
    let of = |name: &str| told["HostConfig"][name].clone();
    let quota = of("CpuQuota").as_i64().unwrap_or_default().max(0);
    json!([of("Memory"), of("MemorySwap"), of("NanoCpus"), quota])
}

/// A limit as the kernel has it, in either version of control groups.
fn kernel(told: &Value, first: &str, second: &str) -> String {
    let pid = told["State"]["Pid"].as_i64().expect("a container that is up has a process");
    let groups = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).expect("a process has groups");
    let (controller, file) = first.split_once('/').expect("a controller and its file");
    let own = |line: &str| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        let named = controllers.split(',').any(|name| name == controller);
        let folder = if named {
            format!("/sys/fs/cgroup/{controller}{path}/{file}")
        } else {
            format!("/sys/fs/cgroup{path}/{second}")
        };
        (named || controllers.is_empty()).then_some(folder)
    };
    let files = groups.lines().filter_map(own);
    let found = files.filter_map(|file| std::fs::read_to_string(file).ok()).next();
    found.unwrap_or_else(|| panic!("no `{first}` and no `{second}` in {groups}")).trim().to_owned()
}

fn is_up(harbour: &Harbour, service: &str) {
    until(&format!("{service} is up"), AGAIN, || {
        let member = harbour.site.member(service);
        if member.state == "up" { Ok(()) } else { Err(format!("{member:?}")) }
    });
}

fn within(fault: &Value) {
    assert_eq!(fault["dose"]["within"], true, "{fault}");
}

/// Waits until a fault that is on has delivered so much.
fn delivers(harbour: &Harbour, least: f64) {
    until(&format!("a dose of {least} is delivered"), SOON, || {
        let list = list(&harbour.site);
        let delivered = list["faults"][0]["dose"]["delivered"].as_f64();
        if delivered >= Some(least) { Ok(()) } else { Err(list.to_string()) }
    });
}

#[test]
fn each_fault_of_a_container_does_what_it_says_and_leaves_nothing() {
    let Some(harbour) = Harbour::up() else { return };
    harbour.sells();
    let rows =
        [frozen, stopped, killed, disconnected, squeezed_of_time, squeezed_of_memory, scaled].map(|fault| {
            let fault = fault(&harbour);
            harbour.until_clean();
            row(&fault)
        });
    harbour.sells();
    refused(&harbour);
    one_more(&harbour);
    harbour.down();
    print(&rows);
}

fn frozen(harbour: &Harbour) -> Value {
    let address = harbour.address("payment");
    let pid = harbour.inspect("payment")["State"]["Pid"].clone();
    add(&harbour.site, "freeze", "payment-0 --freeze");
    assert_eq!(harbour.inspect("payment")["State"]["Paused"], true);
    assert!(!answers(&address), "payment is paused, and answers");
    delivers(harbour, 500.0);
    let fault = clear(&harbour.site, "freeze");
    within(&fault);
    let after = harbour.inspect("payment");
    assert_eq!(
        (&after["State"]["Paused"], &after["State"]["Pid"]),
        (&json!(false), &pid),
        "a thaw is no restart"
    );
    assert!(answers(&address), "payment is still silent");
    is_up(harbour, "payment");
    fault
}

fn stopped(harbour: &Harbour) -> Value {
    add(&harbour.site, "stop", "payment-0 --stop");
    assert_eq!(harbour.inspect("payment")["State"]["Running"], false);
    // The engine would have started it again by now.
    delivers(harbour, 1500.0);
    assert_eq!(harbour.inspect("payment")["State"]["Running"], false, "it was started again");
    let fault = clear(&harbour.site, "stop");
    within(&fault);
    assert_eq!(harbour.inspect("payment")["State"]["Running"], true);
    is_up(harbour, "payment");
    harbour.sells();
    fault
}

fn killed(harbour: &Harbour) -> Value {
    let pid = harbour.inspect("inventory")["State"]["Pid"].clone();
    add(&harbour.site, "kill", "inventory --kill --for 3s");
    until("inventory is another process", AGAIN, || {
        let state = harbour.inspect("inventory")["State"].clone();
        if state["Running"] == true && state["Pid"] != pid { Ok(()) } else { Err(state.to_string()) }
    });
    let fault = until_over(&harbour.site, "kill");
    assert_eq!((&fault["dose"]["delivered"], &fault["hits"]), (&json!(1.0), &json!(1)), "{fault}");
    is_up(harbour, "inventory");
    harbour.sells();
    fault
}

fn disconnected(harbour: &Harbour) -> Value {
    let (address, before) = (harbour.address("cart"), harbour.inspect("cart"));
    add(&harbour.site, "disconnect", "cart-0 --disconnect");
    assert_eq!(harbour.inspect("cart")["NetworkSettings"]["Networks"], json!({}));
    assert!(!answers(&address), "cart is in no network, and answers");
    until("cart is lost", SOON, || match harbour.site.member("cart").state {
        state if state == "lost" => Ok(()),
        state => Err(state),
    });
    let fault = clear(&harbour.site, "disconnect");
    within(&fault);
    assert_eq!(harbour.address("cart"), address, "it came back at another address");
    assert_eq!(harbour.inspect("cart")["State"]["Pid"], before["State"]["Pid"], "it was started anew");
    assert!(answers(&address), "cart is still silent");
    is_up(harbour, "cart");
    harbour.sells();
    fault
}

fn squeezed_of_time(harbour: &Harbour) -> Value {
    let quota = |told: &Value| kernel(told, "cpu/cpu.cfs_quota_us", "cpu.max");
    let before = harbour.inspect("search");
    add(&harbour.site, "cpu", "search-0 --cpu-squeeze 0.02");
    let now = quota(&harbour.inspect("search"));
    assert_eq!(now.split(' ').next(), Some("2000"), "of 100,000 us: {now}");
    let admin = format!("{}:9090", harbour.address("search"));
    until("search is held back", AGAIN, || {
        // Writing its metrics down is work.
        let _ = Ask::get(&admin, "/metrics").patience(SILENT).send();
        let list = list(&harbour.site);
        let held = list["faults"][0]["held_back_ms"].as_f64();
        if held > Some(200.0) { Ok(()) } else { Err(list.to_string()) }
    });
    let fault = clear(&harbour.site, "cpu");
    within(&fault);
    let after = harbour.inspect("search");
    assert_eq!((quota(&after), limits(&after)), (quota(&before), limits(&before)));
    fault
}

fn squeezed_of_memory(harbour: &Harbour) -> Value {
    let limit = |told: &Value| kernel(told, "memory/memory.limit_in_bytes", "memory.max");
    let before = harbour.inspect("account");
    add(&harbour.site, "memory", "account-0 --memory-squeeze 96MiB");
    assert_eq!(limit(&harbour.inspect("account")), (96 << 20).to_string());
    delivers(harbour, 96.0);
    let fault = clear(&harbour.site, "memory");
    within(&fault);
    let after = harbour.inspect("account");
    assert_eq!((limit(&after), limits(&after)), (limit(&before), limits(&before)));
    fault
}

fn scaled(harbour: &Harbour) -> Value {
    add(&harbour.site, "scale", "payment --scale 0");
    assert_eq!(harbour.inspect("payment")["State"]["Running"], false);
    until("the dose is told", SOON, || {
        let list = list(&harbour.site);
        if list["faults"][0]["dose"]["delivered"] == 0.0 { Ok(()) } else { Err(list.to_string()) }
    });
    let fault = clear(&harbour.site, "scale");
    within(&fault);
    assert_eq!(harbour.inspect("payment")["State"]["Running"], true);
    is_up(harbour, "payment");
    fault
}

/// What containers cannot have is refused, with what they can have.
fn refused(harbour: &Harbour) {
    let said = harbour.site.say(&["fault", "add", "payment-0", "--cpu-burn", "0.5"]);
    assert_ne!(said.code, Some(0));
    assert!(
        said.stderr.contains("effect.cpu_burn") && said.stderr.contains("cpu_squeeze"),
        "{}",
        said.stderr
    );
    let said = harbour.site.say(&["fault", "add", "payment-0", "--memory-squeeze", "1GiB"]);
    assert!(said.stderr.contains("allowed are up to 384MiB"), "{}", said.stderr);
}

/// A second instance is a container of the project, and goes as it came.
fn one_more(harbour: &Harbour) {
    harbour.site.say(&["scale", "payment=2"]).expect(0);
    let second = harbour.name("payment").replace("-payment-1", "-payment-2");
    let told = harbour.engine.inspect(&second);
    assert_eq!(told["Config"]["Labels"]["io.firedrill.instance"], "payment-1");
    assert_eq!(limits(&told), limits(&harbour.inspect("payment")));
    until("the second payment has joined", AGAIN, || {
        let members = harbour.site.members();
        let second = members.iter().find(|member| member.instance == "payment-1");
        if second.is_some_and(|member| member.state == "up") { Ok(()) } else { Err(format!("{members:?}")) }
    });
    harbour.site.say(&["scale", "payment=1"]).expect(0);
    assert!(harbour.engine.try_say(&["container", "inspect", &second]).is_err(), "{second} is still there");
    // Taken down with the project while it is there.
    harbour.site.say(&["scale", "payment=2"]).expect(0);
}
