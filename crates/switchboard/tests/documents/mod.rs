//! What the documents tell a reader to type, page by page from top to bottom, against the services that
//! they name: it works, and gives what they say it gives. `block.rs` says how a page marks its blocks.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

mod block;
mod follow;
mod terminal;
mod world;

use std::collections::BTreeSet;
use std::fs;

use switchboard_testkit::{TestDatabase, peers};

use block::{Use, blocks};
use follow::follow;
use world::{Given, Reader, demo, page, root, services};

/// The pages that are followed with the demo and the two services, each set one after the other on the
/// same demo.
const ON_THE_DEMO: [&[&str]; 3] = [
    // Its first payment is the ledger's first.
    &["tour.md"],
    &[
        "kinds-of-action.md",
        "connect-telnyx.md",
        "connect-an-http-api.md",
        "connect-an-mcp-server.md",
        "agents-over-mcp.md",
    ],
    &[
        "agents-and-bindings.md",
        "calls.md",
        "live-actions-and-versions.md",
        "people-and-roles.md",
        "keeping.md",
    ],
];

/// The page that is followed with a server of the reader's own.
const ON_ITS_OWN: &str = "running.md";

/// The pages that tell of no command. Their blocks, if they have any, are checked by other tests.
const WITHOUT_COMMANDS: [&str; 4] = ["errors.md", "events.md", "settings.md", "studio.md"];

fn follow_all(pages: &[&str]) {
    let (_demo, mut given) = demo();
    let (_services, addresses) = services();
    given.extend(addresses);
    for name in pages {
        follow(name, &mut Reader::new(given.clone(), vec![]));
    }
}

#[test]
fn the_tour_works() {
    follow_all(ON_THE_DEMO[0]);
}

#[test]
fn what_is_connected_works() {
    follow_all(ON_THE_DEMO[1]);
}

#[test]
fn agents_calls_and_people_work() {
    follow_all(ON_THE_DEMO[2]);
}

#[test]
fn running_it_works() {
    let database = TestDatabase::postgres();
    let listen = format!("127.0.0.1:{}", peers::free_port());
    let given: Vec<Given> = vec![
        ("SB", format!("http://{listen}/api/v1")),
        ("SERVER", format!("http://{listen}")),
        ("DATABASE_URL", database.url().unwrap()),
    ];
    let mut reader = Reader::new(given, vec![("SWITCHBOARD_LISTEN", listen)]);
    follow(ON_ITS_OWN, &mut reader);
}

/// A new page is followed, or has nothing to follow.
#[test]
fn no_page_is_left_out() {
    let followed = ON_THE_DEMO
        .iter()
        .flat_map(|pages| pages.iter())
        .chain([&ON_ITS_OWN])
        .copied();
    let known: BTreeSet<String> = followed
        .chain(WITHOUT_COMMANDS)
        .map(str::to_owned)
        .collect();
    let there: BTreeSet<String> = fs::read_dir(root().join("docs"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "md"))
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(known, there);
    let decisions = fs::read_dir(root().join("docs/decisions")).unwrap();
    let decisions = decisions.map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        format!("decisions/{name}")
    });
    for name in WITHOUT_COMMANDS
        .map(str::to_owned)
        .into_iter()
        .chain(decisions)
    {
        assert_eq!(shells(&page(&name)), Vec::<String>::new(), "{name}");
    }
}

/// The blocks of a page that are for a shell, marked or not.
fn shells(page: &str) -> Vec<String> {
    let fences = page.lines().filter_map(|line| {
        let line = line.trim_start();
        line.strip_prefix("```").or(line.strip_prefix("~~~"))
    });
    fences
        .step_by(2)
        .filter(|language| block::SHELLS.contains(&language.trim()))
        .map(str::to_owned)
        .collect()
}

/// What is not run is seldom, and says why.
#[test]
fn what_is_not_run_is_the_exception() {
    let pages = ON_THE_DEMO.iter().flat_map(|pages| pages.iter());
    let mut left_out = 0;
    for name in pages.chain([&ON_ITS_OWN]) {
        let blocks = blocks(&page(name)).unwrap_or_else(|error| panic!("{name}:{error}"));
        left_out += blocks
            .iter()
            .filter(|block| block.used == Use::NotRun)
            .count();
    }
    assert!(left_out <= 6, "{left_out}");
}
