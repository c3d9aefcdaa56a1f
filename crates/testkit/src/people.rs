//! People who are signed in.

use serde_json::json;

use crate::client::Client;
use crate::server::Server;

impl Server {
    /// The password of everybody here.
    pub const PASSWORD: &str = "correct horse battery staple";

    /// The token of the link that the server printed last for the first owner.
    pub fn setup_token(&self) -> Option<String> {
        let output = self.stdout();
        let link = output.lines().rfind(|line| line.contains("/setup#"))?;
        link.split('#').nth(1).map(|token| token.trim().to_owned())
    }

    /// A client of nobody yet.
    pub fn nobody(&self) -> Client {
        Client::new(self.address(), "").nobody()
    }

    /// Makes the owner, `owner@example.com`, and signs them in.
    pub async fn owner(&self) -> Client {
        let token = self.setup_token().expect("the server printed a link");
        let body = json!({
            "token": token, "email": "owner@example.com", "name": "Olive Owner",
            "password": Self::PASSWORD,
        });
        let nobody = self.nobody();
        nobody.signed_in(nobody.post("/setup", body).await)
    }

    /// Signs somebody in.
    pub async fn sign_in(&self, email: &str) -> Client {
        let nobody = self.nobody();
        let body = json!({"email": email, "password": Self::PASSWORD});
        nobody.signed_in(nobody.post("/session", body).await)
    }

    /// Invites somebody with a new account, and signs them in.
    pub async fn member(&self, by: &Client, email: &str, role: &str) -> Client {
        let token = invite(by, email, role).await;
        let body = json!({"token": token, "name": email, "password": Self::PASSWORD});
        let nobody = self.nobody();
        nobody.signed_in(nobody.post("/invitations/accept", body).await)
    }
}

/// Invites somebody. Answers the token of their link.
pub async fn invite(by: &Client, email: &str, role: &str) -> String {
    let body = json!({"email": email, "role": role});
    let made = by.post("/invitations", body).await.expect(201);
    let link = made["link"].as_str().unwrap();
    link.split("/invitation#").nth(1).unwrap().to_owned()
}
