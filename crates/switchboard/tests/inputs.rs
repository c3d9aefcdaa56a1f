//! Bad input: a clear problem, and nothing changed.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use http::Method;
use serde_json::{Value, json};
use switchboard_testkit::{Sample, Server, TestDatabase, Upstream};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

async fn set_up() -> (Upstream, Server, switchboard_testkit::Client, Sample) {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, TestDatabase::sqlite()).await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, None).await;
    (upstream, server, client, sample)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_cannot_be_read_are_problems() {
    let (_upstream, _server, client, _sample) = set_up().await;
    let raw = |body: String| client.try_send(Method::POST, "/api/v1/agents", &[], Some(body));
    for (body, status, code) in [
        ("{".to_owned(), 400, "malformed_json"),
        (r#"{"name": "a"} x"#.to_owned(), 400, "malformed_json"),
        ("[]".to_owned(), 422, "invalid_input"),
        (r#"{"name": 7}"#.to_owned(), 422, "invalid_input"),
        (
            r#"{"name": "a", "nmae": "b"}"#.to_owned(),
            422,
            "invalid_input",
        ),
        (r#"{"name": ""}"#.to_owned(), 422, "invalid_input"),
        (r#"{"name": "a\u0000b"}"#.to_owned(), 422, "invalid_input"),
        (
            format!(r#"{{"name": "{}"}}"#, "x".repeat(2 << 20)),
            413,
            "body_too_large",
        ),
    ] {
        let reply = raw(body.clone()).await.unwrap();
        assert_eq!(reply.clone().problem(status), code, "{body:.80}");
        if body.contains("nmae") {
            assert!(reply.text.contains("nmae"), "{}", reply.text);
        }
    }
    let deep = format!(r#"{{"arguments": {{"a": {}"#, "[".repeat(5000));
    let path = "/api/v1/conversations/cnv_00000000000000000000000000000000/actions/a/call";
    let reply = client.try_send(Method::POST, path, &[], Some(deep)).await;
    assert_eq!(reply.unwrap().problem(400), "malformed_json");
    let form = [("content-type", "text/plain")];
    let reply = client
        .try_send(Method::POST, "/api/v1/agents", &form, None)
        .await
        .unwrap();
    assert_eq!(reply.problem(415), "unsupported_media_type");
    assert_eq!(client.get("/nothing").await.problem(404), "unknown_path");
    assert_eq!(
        client.post("/secrets", json!({})).await.problem(405),
        "method_not_allowed"
    );
    assert_eq!(
        client.get("/agents?limit=0").await.problem(422),
        "invalid_input"
    );
    assert_eq!(
        client.get("/agents?after=x").await.problem(422),
        "invalid_input"
    );
    assert_eq!(
        client.get("/agents?lmit=5").await.problem(422),
        "invalid_input"
    );
    assert_eq!(
        client.get("/agents").await.expect(200)["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[expect(clippy::too_many_lines, reason = "a table of inputs")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_fields_are_named_by_pointer() {
    let (upstream, _server, client, sample) = set_up().await;
    let actions = format!("/integrations/{}/actions", sample.integration);
    let draft = format!("/agents/{}/draft", sample.agent);
    let action = |change: Value| {
        let mut action = json!({"name": "n", "method": "GET", "path": "/x"});
        action
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        (Method::POST, actions.clone(), action)
    };
    let slot = |slot: Value| {
        let body = json!({"kind": "custom_api", "name": "n", "environments": {"staging": slot}});
        (Method::POST, "/integrations".to_owned(), body)
    };
    let url = |url: &str| slot(json!({"base_url": url}));
    let at = "/environments/staging";
    for ((method, path, body), pointer) in [
        (action(json!({"name": "has space"})), "/name".to_owned()),
        (action(json!({"method": "TRACE"})), "/method".to_owned()),
        (action(json!({"path": "/a/../b"})), "/path".to_owned()),
        (
            action(json!({"parameters": {"type": "array"}})),
            "/parameters".to_owned(),
        ),
        (
            action(json!({"parameters": {"properties": {"a": {"$ref": "https://x/y"}}}})),
            "/parameters".to_owned(),
        ),
        (
            action(json!({"method": "POST", "body_template": "{\"a\": {{ b c }}}"})),
            "/body_template".to_owned(),
        ),
        (
            action(json!({"body_template": "{}"})),
            "/body_template".to_owned(),
        ),
        (
            action(json!({"output_variables": [{"name": "a", "path": "$.["}]})),
            "/output_variables/0/path".to_owned(),
        ),
        (
            action(json!({"output_variables": [{"name": "call", "path": "$"}]})),
            "/output_variables/0/name".to_owned(),
        ),
        (
            action(json!({"headers": {"Host": "x"}})),
            "/headers/Host".to_owned(),
        ),
        (
            action(json!({"headers": {"X-A": "a\r\nb"}})),
            "/headers/X-A".to_owned(),
        ),
        (action(json!({"timeout_ms": 0})), "/timeout_ms".to_owned()),
        (url("https://"), format!("{at}/base_url")),
        (url("https://u:p@example.com"), format!("{at}/base_url")),
        (url("ftp://example.com"), format!("{at}/base_url")),
        (
            slot(json!({"base_url": "https://x", "auth": {"type": "bearer", "token": "plain"}})),
            format!("{at}/auth"),
        ),
        (
            (
                Method::POST,
                "/integrations".to_owned(),
                json!({"kind": "custom_api", "name": "n", "environments": {}}),
            ),
            "/environments".to_owned(),
        ),
        (
            (
                Method::PUT,
                draft.clone(),
                json!({"initial_state": "nowhere"}),
            ),
            "/initial_state".to_owned(),
        ),
        (
            (
                Method::PUT,
                draft.clone(),
                json!({"states": [{"name": "a"}, {"name": "a"}]}),
            ),
            "/states/1/name".to_owned(),
        ),
        (
            (Method::PUT, draft.clone(), json!({"actions": [{}]})),
            "/actions/0".to_owned(),
        ),
        (
            (
                Method::PUT,
                draft.clone(),
                json!({"actions": [{"link": {"action_id": sample.read}, "overrides": {"max_successful_calls": 0}}]}),
            ),
            "/actions/0/overrides/max_successful_calls".to_owned(),
        ),
        (
            (
                Method::PUT,
                "/secrets/bad%20name".to_owned(),
                json!({"values": {}}),
            ),
            "/name".to_owned(),
        ),
        (
            (
                Method::PUT,
                "/secrets/x".to_owned(),
                json!({"values": {"qa": "x"}}),
            ),
            "/values".to_owned(),
        ),
    ] {
        let reply = client.send(method, &path, &[], Some(body.clone())).await;
        assert_eq!(reply.status, 422, "{body}: {}", reply.text);
        let errors = reply.json()["errors"].clone();
        let found = errors.as_array().unwrap().iter().any(|error| {
            error["pointer"]
                .as_str()
                .is_some_and(|found| found.starts_with(&pointer))
        });
        assert!(found, "{pointer} is not in {errors}");
    }
    let twice = json!({"name": "read_item", "method": "GET", "path": "/"});
    assert_eq!(
        client.post(&actions, twice).await.problem(409),
        "name_taken"
    );
    let link = json!({"link": {"action_id": sample.read}});
    assert_eq!(
        client
            .post(&format!("{draft}/actions"), link)
            .await
            .problem(409),
        "name_taken"
    );
    assert_eq!(
        client.get(&actions).await.expect(200)["data"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        client.get("/integrations").await.expect(200)["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(upstream.hits(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stale_revisions_and_unknown_ids_are_refused() {
    let (_upstream, _server, client, sample) = set_up().await;
    let path = format!("/actions/{}", sample.read);
    let read = client.get(&path).await;
    let tag = read
        .headers
        .get("etag")
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    let patch = |tag: String| {
        let (client, path) = (client.clone(), path.clone());
        async move {
            client
                .send(
                    Method::PATCH,
                    &path,
                    &[("if-match", &tag)],
                    Some(json!({"description": "d"})),
                )
                .await
        }
    };
    patch(tag.clone()).await.expect(200);
    assert_eq!(patch(tag).await.problem(412), "stale_revision");
    for id in [
        "act_00000000000000000000000000000000",
        "nonsense",
        sample.agent.as_str(),
    ] {
        assert_eq!(
            client.get(&format!("/actions/{id}")).await.problem(404),
            "not_found"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn admission_follows_phase_state_environment_and_publication() {
    let (_upstream, _server, client, sample) = set_up().await;
    let draft = format!("/agents/{}/draft", sample.agent);
    let link = |action: &str, overrides: Value| json!({"link": {"action_id": action}, "overrides": overrides});
    client.put(&draft, json!({
        "strict_states": true, "initial_state": "a", "states": [{"name": "a"}, {"name": "b"}],
        "actions": [
            link(&sample.read, json!({"allowed_states": ["b"]})),
            link(&sample.write, json!({"phases": ["post_call"]})),
        ],
    })).await.expect(200);
    let conversation = sample.converse(&client).await;
    let at = format!("/conversations/{conversation}");
    let call = |name: &'static str| {
        let path = format!("{at}/actions/{name}/call");
        let client = client.clone();
        async move { client.post(&path, json!({"arguments": {"id": "1"}})).await }
    };
    let tools = client.get(&format!("{at}/tools")).await.expect(200);
    let codes: Vec<_> = tools["unavailable"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["code"].clone())
        .collect();
    assert_eq!(
        json!(codes),
        json!(["state_not_allowed", "phase_not_allowed"])
    );
    assert_eq!(call("read_item").await.problem(409), "state_not_allowed");
    assert_eq!(call("write_item").await.problem(409), "phase_not_allowed");
    assert_eq!(call("nothing").await.problem(404), "unknown_action");
    client
        .patch(&at, json!({"state": "nowhere"}))
        .await
        .expect(422);
    client
        .patch(&at, json!({"state": "b", "variables": {"x": 1}}))
        .await
        .expect(200);
    assert_eq!(call("read_item").await.expect(200)["status"], "succeeded");
    let ended = client
        .post(&format!("{at}/end"), json!({}))
        .await
        .expect(200);
    assert_eq!(
        (&ended["phase"], &ended["status"]),
        (&json!("post_call"), &json!("ended"))
    );
    assert_eq!(call("write_item").await.expect(200)["status"], "succeeded");
    let closed = client
        .post(&format!("{at}/end"), json!({}))
        .await
        .expect(200);
    assert_eq!(closed["status"], "closed");
    assert_eq!(call("write_item").await.problem(409), "phase_not_allowed");
    let start = |environment: &str, version: &str| json!({"agent_id": sample.agent, "environment": environment, "version": version});
    let staging = client
        .post("/conversations", start("staging", "draft"))
        .await
        .expect(201);
    let path = format!(
        "/conversations/{}/actions/write_item/call",
        staging["id"].as_str().unwrap()
    );
    client
        .post(
            &format!("/conversations/{}/end", staging["id"].as_str().unwrap()),
            json!({}),
        )
        .await
        .expect(200);
    let reply = client.post(&path, json!({"arguments": {"id": "1"}})).await;
    assert!(reply.text.contains("staging"), "{}", reply.text);
    assert_eq!(reply.problem(409), "integration_unavailable");
    let unpublished = client
        .post("/conversations", start("production", "published"))
        .await;
    assert_eq!(unpublished.problem(409), "not_published");
}

/// A typing error in an id is told apart from an id of nothing, by its sentence.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_malformed_id_is_told_what_an_id_looks_like() {
    let (_upstream, _server, client, sample) = set_up().await;
    for (path, prefix) in [
        ("/agents/my-agent".to_owned(), "agt_"),
        (format!("/agents/{}", sample.integration), "agt_"),
        (
            format!("/agents/{}/draft/actions/x/relink", sample.agent),
            "bnd_",
        ),
        ("/conversations/CNV_1/tools".to_owned(), "cnv_"),
    ] {
        let method = if path.ends_with("relink") {
            Method::POST
        } else {
            Method::GET
        };
        let reply = client.send(method, &path, &[], None).await;
        let detail = reply.json()["detail"].as_str().unwrap().to_owned();
        assert_eq!(reply.problem(404), "not_found", "{path}");
        assert!(detail.contains("malformed"), "{path}: {detail}");
        assert!(
            detail.contains(&format!("starts with `{prefix}`")),
            "{detail}"
        );
    }
    let unknown = client
        .get("/agents/agt_00000000000000000000000000000000")
        .await;
    let detail = unknown.json()["detail"].as_str().unwrap().to_owned();
    assert_eq!(unknown.problem(404), "not_found");
    assert!(detail.starts_with("there is no such agent"), "{detail}");
}
