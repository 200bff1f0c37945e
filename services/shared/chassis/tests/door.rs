//! The door: who gets in, over real mutual TLS.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use hocba_chassis::{
    caller::{Caller, Role},
    clock::{Clock, new_id},
    token_keys::Tokens,
};
use hocba_proto::archive::{
    AppendEventsRequest, CheckEvidenceRequest, archive_internal_service_client::ArchiveInternalServiceClient,
};
use hocba_testing::{Pki, TestArchive, TestIdentity, channel_as, eventually};
use tonic::{Code, Request, Status, metadata::MetadataValue};
use tonic_types::StatusExt as _;

fn reason(status: &Status) -> String {
    status
        .get_details_error_info()
        .map_or_else(|| format!("{status:?}"), |info| info.reason)
}

struct House {
    pki: Pki,
    identity: TestIdentity,
    archive: TestArchive,
}

impl House {
    async fn new() -> Self {
        let pki = Pki::make().unwrap();
        let identity = TestIdentity::start(&pki).await.unwrap();
        // Keys are asked of identity over the wire, as services do.
        let channel = channel_as(&pki, "archive", "identity", &identity.peer.address).unwrap();
        let archive = TestArchive::start(&pki, Tokens::remote(Clock::system(), channel))
            .await
            .unwrap();
        Self {
            pki,
            identity,
            archive,
        }
    }

    async fn call(&self, leaf: &str, token: Option<&str>) -> Result<(), Status> {
        let channel = channel_as(&self.pki, leaf, "archive", &self.archive.peer.address).unwrap();
        let mut request = Request::new(CheckEvidenceRequest::default());
        if let Some(token) = token {
            let value = MetadataValue::try_from(format!("Bearer {token}")).unwrap();
            request.metadata_mut().insert("authorization", value);
        }
        ArchiveInternalServiceClient::new(channel)
            .check_evidence(request)
            .await
            .map(drop)
    }
}

#[tokio::test]
async fn peers_on_an_edge_get_in_and_nobody_else() {
    let house = House::new().await;
    house.call("workflow", None).await.unwrap();
    house.call("records", None).await.unwrap();
    let inside = house.call("gateway", None).await.unwrap_err();
    assert_eq!(
        (inside.code(), reason(&inside).as_str()),
        (Code::PermissionDenied, "INTERNAL_ONLY")
    );
    let alien = house.call("alien", None).await.unwrap_err();
    // TLS 1.3: the client hears of it at its first read; no byte of the call was looked at.
    assert_eq!(
        (alien.code(), alien.message()),
        (Code::Unknown, "transport error")
    );

    // Identity is no peer of lock's; archive may not call workflow: no edge, no entry.
    assert!(!hocba_chassis::edges::may_call("archive", "workflow"));
    let channel = channel_as(&house.pki, "gateway", "identity", &house.identity.peer.address).unwrap();
    let mut internal =
        hocba_proto::identity::identity_internal_service_client::IdentityInternalServiceClient::new(channel);
    let refused = internal
        .resolve_school(hocba_proto::identity::ResolveSchoolRequest::default())
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "INTERNAL_ONLY");
}

#[tokio::test]
async fn a_wrong_name_in_the_servers_certificate_is_not_talked_to() {
    let house = House::new().await;
    // The archive's address under the name of records: its certificate says otherwise.
    let channel = channel_as(&house.pki, "workflow", "records", &house.archive.peer.address).unwrap();
    let refused = ArchiveInternalServiceClient::new(channel)
        .append_events(AppendEventsRequest::default())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
}

#[tokio::test]
async fn tokens_that_are_not_ours_ended_or_over_are_refused() {
    let house = House::new().await;
    let person = house.identity.person("a", &["principal"]);
    house.call("workflow", Some(&person.token)).await.unwrap();
    house.call("workflow", Some(&person.token)).await.unwrap();

    let over = house.identity.sign_in(new_id(), Some("a"), &["principal"], -60);
    let refused = house.call("workflow", Some(&over.token)).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::Unauthenticated, "TOKEN_EXPIRED")
    );

    // Another identity's token, an act token in the place of an access token, nonsense.
    let other = TestIdentity::start(&house.pki).await.unwrap();
    let act = house
        .identity
        .act(&person, Role::Principal, "dossier.consent", "00");
    for token in [
        other.person("a", &["principal"]).token,
        act,
        "nonsense".to_owned(),
    ] {
        let refused = house.call("workflow", Some(&token)).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::Unauthenticated, "UNAUTHENTICATED")
        );
    }
}

#[tokio::test]
async fn c2_an_ended_sign_in_is_refused_within_seconds_although_its_token_is_young() {
    let house = House::new().await;
    let channel = channel_as(&house.pki, "archive", "identity", &house.identity.peer.address).unwrap();
    let tokens = Tokens::remote(Clock::system(), channel.clone());
    let person = house.identity.person("a", &["principal"]);
    tokens.person(&person.token).await.unwrap();
    let following = tokio::spawn(hocba_chassis::feed::follow_in_memory(channel, tokens.clone()));
    house
        .identity
        .tell(hocba_proto::identity::account_event::Kind::SignInEnded, &person);
    eventually(
        "the end of the sign-in",
        std::time::Duration::from_secs(10),
        || async {
            match tokens.person(&person.token).await {
                Ok(_) => Err("still in"),
                Err(failure) => {
                    assert_eq!(failure.reason(), "UNAUTHENTICATED");
                    Ok(())
                }
            }
        },
    )
    .await;
    following.abort();
}

#[tokio::test]
async fn c3_an_act_token_is_good_for_its_person_purpose_and_digest_only() {
    let house = House::new().await;
    let tokens = house.identity.tokens();
    let (person, other) = (
        house.identity.person("a", &["principal"]),
        house.identity.person("a", &["principal"]),
    );
    let caller = tokens.person(&person.token).await.unwrap();
    let stranger = tokens.person(&other.token).await.unwrap();
    let act = house
        .identity
        .act(&person, Role::Principal, "review.decide", "ab");
    let good = tokens
        .verify_act(&act, "review.decide", "ab", &caller)
        .await
        .unwrap();
    assert_eq!(
        (good.account, good.role, good.premises),
        (person.account, Role::Principal, true)
    );
    let old = house
        .identity
        .act_with(&person, Role::Principal, "review.decide", "ab", true, -60);
    for (token, purpose, digest, who, reason) in [
        (&act, "dossier.consent", "ab", &caller, "ACT_TOKEN_PURPOSE"),
        (&act, "review.decide", "cd", &caller, "ACT_TOKEN_DIGEST"),
        (&act, "review.decide", "ab", &stranger, "ACT_TOKEN_INVALID"),
        (&old, "review.decide", "ab", &caller, "ACT_TOKEN_EXPIRED"),
        (&person.token, "review.decide", "ab", &caller, "ACT_TOKEN_INVALID"),
    ] {
        let refused = tokens.verify_act(token, purpose, digest, who).await.unwrap_err();
        assert_eq!(refused.reason(), reason);
    }
}

#[test]
fn a_request_that_came_past_the_door_is_our_fault() {
    assert_eq!(Caller::of(&Request::new(())).unwrap_err().reason(), "INTERNAL");
}
