//! Another system at the door, with a key of its own.

use anyhow::anyhow;
use data_encoding::BASE64URL_NOPAD;
use hocba_cluster::{Cluster, person::Person, school::request_id};
use hocba_proto::identity::{
    CreateIntegratorRequest, Integrator, PublicJwk, SignInIntegratorRequest,
    identity_service_client::IdentityServiceClient, integrator::FieldGroup,
};
use ring::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

/// A registered system.
pub(crate) struct System {
    name: String,
    key: Ed25519KeyPair,
}

impl System {
    /// Registers one that may read everything there is to grant.
    pub(crate) async fn register(
        cluster: &Cluster,
        principal: &Person,
        school: &str,
    ) -> anyhow::Result<Self> {
        let pkcs8 =
            Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|error| anyhow!("{error}"))?;
        let key = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).map_err(|error| anyhow!("{error}"))?;
        let day = (OffsetDateTime::now_utc() + time::Duration::days(30)).date();
        let groups = [
            FieldGroup::Roster,
            FieldGroup::IdentityPage,
            FieldGroup::Marks,
            FieldGroup::Results,
            FieldGroup::Completeness,
        ];
        let integrator = Integrator {
            display_name: "Phần mềm quản lí trường".to_owned(),
            public_key: Some(PublicJwk {
                kty: "OKP".to_owned(),
                crv: "Ed25519".to_owned(),
                x: BASE64URL_NOPAD.encode(key.public_key().as_ref()),
                y: String::new(),
            }),
            field_groups: groups.map(Into::into).to_vec(),
            end_date: day.to_string(),
            ..Integrator::default()
        };
        let request = CreateIntegratorRequest {
            parent: school.to_owned(),
            integrator: Some(integrator),
            request_id: request_id(),
        };
        let made = IdentityServiceClient::new(cluster.channel())
            .create_integrator(principal.ask(request)?)
            .await?
            .into_inner();
        Ok(Self { name: made.name, key })
    }

    /// A fresh access token.
    pub(crate) async fn sign_in(&self, cluster: &Cluster) -> anyhow::Result<String> {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let claims = json!({
            "iss": self.name, "sub": self.name, "aud": "hocba-identity", "exp": now + 60, "jti": Uuid::now_v7(),
        });
        let part = |value: &serde_json::Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(&json!({ "alg": "EdDSA" })), part(&claims));
        let signature = self.key.sign(signed.as_bytes());
        let client_assertion = format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref()));
        let answer = IdentityServiceClient::new(cluster.channel())
            .sign_in_integrator(SignInIntegratorRequest { client_assertion })
            .await?;
        Ok(answer.into_inner().access_token)
    }
}
