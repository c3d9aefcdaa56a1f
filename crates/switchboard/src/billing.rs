//! The sample service of the demo: a small billing API on loopback.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[derive(Clone)]
struct Billing {
    token: Arc<str>,
    invoices: Arc<Mutex<BTreeMap<String, Value>>>,
}

fn invoices() -> BTreeMap<String, Value> {
    let invoice = |id: &str, customer: &str, amount: u32, status: &str| {
        let value = json!({
            "id": id, "customer_id": customer, "amount": amount, "currency": "EUR",
            "status": status, "due": "2027-01-31", "payments": [],
        });
        (id.to_owned(), value)
    };
    BTreeMap::from([
        invoice("inv_1001", "cus_1", 4200, "open"),
        invoice("inv_1002", "cus_1", 1850, "paid"),
        invoice("inv_1003", "cus_2", 99_900, "open"),
    ])
}

/// Starts the service. Answers its address.
pub async fn start(token: &str) -> std::io::Result<String> {
    let billing = Billing {
        token: token.into(),
        invoices: Arc::new(Mutex::new(invoices())),
    };
    let router = Router::new()
        .route("/invoices", get(list))
        .route("/invoices/{id}", get(read))
        .route("/invoices/{id}/payments", post(pay))
        .layer(middleware::from_fn_with_state(billing.clone(), authorize))
        .with_state(billing);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the sample billing service stopped");
        }
    });
    Ok(format!("http://{address}"))
}

fn problem(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({"error": message}))).into_response()
}

async fn authorize(State(billing): State<Billing>, request: Request, next: Next) -> Response {
    let expected = format!("Bearer {}", billing.token);
    let sent = request.headers().get(header::AUTHORIZATION);
    if sent.is_some_and(|value| value.as_bytes() == expected.as_bytes()) {
        next.run(request).await
    } else {
        problem(StatusCode::UNAUTHORIZED, "send the API token")
    }
}

async fn list(
    State(billing): State<Billing>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Json<Value> {
    let invoices = billing
        .invoices
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let fits = |invoice: &&Value| {
        ["customer_id", "status"].iter().all(|key| {
            query
                .get(*key)
                .is_none_or(|wanted| invoice[key] == wanted.as_str())
        })
    };
    let found: Vec<&Value> = invoices.values().filter(fits).collect();
    Json(json!({"data": found, "count": found.len()}))
}

async fn read(State(billing): State<Billing>, Path(id): Path<String>) -> Response {
    let invoices = billing
        .invoices
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    match invoices.get(&id) {
        Some(invoice) => Json(invoice.clone()).into_response(),
        None => problem(StatusCode::NOT_FOUND, "no such invoice"),
    }
}

async fn pay(
    State(billing): State<Billing>,
    Path(id): Path<String>,
    Json(payment): Json<Value>,
) -> Response {
    let mut invoices = billing
        .invoices
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let Some(invoice) = invoices.get_mut(&id) else {
        return problem(StatusCode::NOT_FOUND, "no such invoice");
    };
    if payment["amount"].as_u64().is_none_or(|amount| amount == 0) {
        return problem(StatusCode::UNPROCESSABLE_ENTITY, "send a positive amount");
    }
    if let Some(payments) = invoice["payments"].as_array_mut() {
        payments.push(payment);
    }
    invoice["status"] = json!("paid");
    (StatusCode::CREATED, Json(invoice.clone())).into_response()
}
