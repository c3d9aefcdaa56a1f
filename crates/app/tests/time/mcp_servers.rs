//! MCP servers whose tools are fetched now and then.

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_app::{Listing, actions, integrations};
use switchboard_testkit::{McpUpstream, TestDatabase, eventually, on_both_databases};

use crate::world::{Options, World, input};

on_both_databases!(tools_are_fetched_again_when_their_interval_is_over);

const MINUTE: Duration = Duration::from_mins(1);
const SECOND: Duration = Duration::from_secs(1);

fn tools(names: &[&str]) -> Value {
    let tools = names
        .iter()
        .map(|name| json!({"name": name, "inputSchema": {"type": "object"}}));
    tools.collect()
}

async fn tools_are_fetched_again_when_their_interval_is_over(database: TestDatabase) {
    let world = World::new(database, Options::default());
    let server = world.start(1).await;
    let upstream = McpUpstream::start(&tools(&["one"])).await;
    let made = input(json!({
        "kind": "mcp_server", "name": "Tools", "url": upstream.url(), "refresh_interval_s": 3600,
    }));
    let manager = server.manager();
    let integration = server
        .run(|app| async move { integrations::create(&app.manage, &manager, made).await })
        .await
        .unwrap()
        .row
        .id;
    let known = async || {
        let reader = server.manager();
        let page = server.run(|app| async move {
            actions::list(
                &app.manage,
                &reader,
                Some(integration),
                &Listing::page(None, 50),
            )
            .await
        });
        page.await.unwrap().rows.len()
    };
    assert_eq!(known().await, 1);
    upstream.offer(&tools(&["one", "two"]));
    world.jump(59 * MINUTE, &[&server]);
    world.pass(30 * SECOND, &[&server]).await;
    assert_eq!(known().await, 1);
    world.pass(20 * SECOND, &[&server]).await;
    eventually("the new tool", || async {
        world.pass(5 * SECOND, &[&server]).await;
        (known().await == 2).then_some(())
    })
    .await;
}
