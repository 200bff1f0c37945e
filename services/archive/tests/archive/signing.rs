//! Signers, as the signing service acts for them.

use hocba_evidence::Kind;
use hocba_proto::archive::{
    DocumentToSign, FinishedSignature, ListDocumentsToSignRequest, PutSignaturesRequest,
};
use hocba_testing::{TestPerson, TestSigner};
use time::OffsetDateTime;

use crate::world::World;

/// A document that waits for a slot's signature.
#[derive(Clone)]
pub(crate) struct Waiting {
    pub(crate) document: String,
    pub(crate) slot: String,
    pub(crate) content_digest: String,
    pub(crate) xml: Vec<u8>,
}

impl Waiting {
    pub(crate) fn of(document: &DocumentToSign, slot: &str) -> Self {
        Self {
            document: document.document.clone(),
            slot: slot.to_owned(),
            content_digest: document.content_digest.clone(),
            xml: document.xml.clone(),
        }
    }

    pub(crate) fn sign(&self, signer: &TestSigner, at: OffsetDateTime) -> Vec<u8> {
        signer
            .sign(&self.xml, &Kind::parse(&self.slot).unwrap(), at)
            .unwrap()
    }

    /// Hands a signature in; answers the reason of its refusal.
    pub(crate) async fn put(&self, world: &World, person: &TestPerson, signature: Vec<u8>) -> String {
        let signature = FinishedSignature {
            document: self.document.clone(),
            slot: self.slot.clone(),
            signature_xml: signature,
            content_digest: self.content_digest.clone(),
            signer: person.name(),
        };
        let ask = person.ask(PutSignaturesRequest {
            signatures: vec![signature],
        });
        let answer = world.internal("signing").put_signatures(ask).await.unwrap();
        answer.into_inner().results.remove(0).reason
    }
}

/// Signs everything below `parent` that waits for this slot and person.
pub(crate) async fn sign(world: &World, parent: &str, slot: &str, person: &TestPerson, signer: &TestSigner) {
    let ask = ListDocumentsToSignRequest {
        parent: parent.to_owned(),
        slot: slot.to_owned(),
    };
    let answer = world
        .internal("signing")
        .list_documents_to_sign(person.ask(ask))
        .await;
    let mut stream = answer.unwrap().into_inner();
    while let Some(document) = stream.message().await.unwrap() {
        let waiting = Waiting::of(&document, slot);
        let signature = waiting.sign(signer, OffsetDateTime::now_utc());
        assert_eq!(waiting.put(world, person, signature).await, "", "{slot}");
    }
}
