//! What holds of a document, from its bytes and the anchors alone.

use std::collections::BTreeSet;

use data_encoding::BASE64;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uppsala::NodeId;

use crate::{
    Anchors, Certificate, Document, Finding, Flaw, Kind, Verdict,
    certificate::{Algorithm, Subject, Trust},
    hash::raw,
    xades::{DS, ECDSA_SHA256, EXCLUSIVE, RSA_SHA256, SHA256, SIGNED_PROPERTIES, XADES},
};

/// What was found about a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Which.
    pub slot: Kind,
    /// The answer.
    pub verdict: Verdict,
    /// Why, or what it stands on; no personal values.
    pub detail: String,
    /// Whom the certificate names, where there is one.
    pub signer: Option<Subject>,
    /// The time the signer claims.
    pub signed_at: Option<OffsetDateTime>,
}

impl Checked {
    /// As a finding about a document's slot.
    #[must_use]
    pub fn finding(&self, about: &str) -> Finding {
        Finding::new(
            format!("{about} {}", self.slot),
            self.verdict,
            self.detail.clone(),
        )
    }
}

/// Checks every slot of a document.
#[must_use]
pub fn document(document: &Document<'_>, anchors: &Anchors) -> Vec<Checked> {
    document
        .slots()
        .iter()
        .map(|slot| check(document, slot, anchors))
        .collect()
}

/// Checks one slot.
#[must_use]
pub fn check(document: &Document<'_>, slot: &Kind, anchors: &Anchors) -> Checked {
    let mut found = Checked {
        slot: slot.clone(),
        verdict: Verdict::Unchecked,
        detail: "not signed".to_owned(),
        signer: None,
        signed_at: None,
    };
    let answer = signature_of(document, slot).and_then(|signature| match signature {
        Some(signature) => judge(document, slot, signature, anchors, &mut found).map(Some),
        None => Ok(None),
    });
    match answer {
        Ok(None) => {}
        Ok(Some(Trust::Anchor(anchor))) => {
            found.verdict = Verdict::Valid;
            found.detail = format!("authority {anchor}, at the time the signer claims");
        }
        Ok(Some(Trust::Unknown(issuer))) => {
            found.detail = format!("the authority {issuer} is not among the trust anchors");
        }
        Err(Flaw(why)) => {
            found.verdict = Verdict::Invalid;
            found.detail = why;
        }
    }
    found
}

/// The one `ds:Signature` of a slot, where it has one.
fn signature_of(document: &Document<'_>, slot: &Kind) -> Result<Option<NodeId>, Flaw> {
    let tree = &document.tree;
    let place = tree
        .by_id(&format!("slot-{slot}"))
        .ok_or_else(|| Flaw::new("no such slot"))?;
    match tree.elements(place)?.as_slice() {
        [] => Ok(None),
        [one] if tree.is(*one, DS, "Signature") => Ok(Some(*one)),
        _ => Err(Flaw::new("the slot holds something else than one signature")),
    }
}

fn judge(
    document: &Document<'_>,
    slot: &Kind,
    signature: NodeId,
    anchors: &Anchors,
    found: &mut Checked,
) -> Result<Trust, Flaw> {
    let tree = &document.tree;
    let signed_info = tree.child(signature, DS, "SignedInfo")?;
    references(document, slot, signature, signed_info)?;

    let certificates = certificates(document, signature)?;
    let signer = certificates.first().ok_or_else(|| Flaw::new("no certificate"))?;
    found.signer = Some(signer.subject.clone());
    let value = tree.child(signature, DS, "SignatureValue")?;
    if tree.attribute(value, "Id") != Some(&format!("value-{slot}")) {
        return Err(Flaw::new("the value of the signature is not where it belongs"));
    }
    let value = base64(&tree.text(value))?;
    let method = tree.child(signed_info, DS, "SignatureMethod")?;
    let algorithm = match tree.attribute(method, "Algorithm") {
        Some(ECDSA_SHA256) => Algorithm::EcdsaP256,
        Some(RSA_SHA256) => Algorithm::Rsa,
        Some(_) | None => return Err(Flaw::new("an algorithm that is not allowed")),
    };
    signer.verify(algorithm, &tree.canonical(signed_info)?, &value)?;

    let at = properties(document, slot, signature, signer)?;
    found.signed_at = Some(at);
    if !signer.signs()? {
        return Err(Flaw::new("the certificate is not one for signatures"));
    }
    belongs(document, slot, &signer.subject)?;
    anchors.chain(signer, certificates.get(1..).unwrap_or_default(), at)
}

/// The references are exactly those the slot must cover, each by Id in exclusive canonical form.
fn references(
    document: &Document<'_>,
    slot: &Kind,
    signature: NodeId,
    signed_info: NodeId,
) -> Result<(), Flaw> {
    let tree = &document.tree;
    let method = tree.child(signed_info, DS, "CanonicalizationMethod")?;
    let exclusive = |node: NodeId| -> Result<(), Flaw> {
        if tree.attribute(node, "Algorithm") == Some(EXCLUSIVE) && tree.elements(node)?.is_empty() {
            Ok(())
        } else {
            Err(Flaw::new("a canonical form that is not allowed"))
        }
    };
    exclusive(method)?;
    let properties = format!("props-{slot}");
    let mut expected: BTreeSet<String> = document.covered(slot).into_iter().collect();
    expected.insert(properties.clone());
    let mut seen = BTreeSet::new();
    for reference in tree.children(signed_info, DS, "Reference") {
        let uri = tree.attribute(reference, "URI").unwrap_or_default();
        let id = uri.strip_prefix('#').unwrap_or_default();
        if !expected.contains(id) {
            return Err(Flaw::new(format!("it covers {uri}, which it must not")));
        }
        if (id == properties) != (tree.attribute(reference, "Type") == Some(SIGNED_PROPERTIES)) {
            return Err(Flaw::new("a reference of the wrong type"));
        }
        let transforms = tree.child(reference, DS, "Transforms")?;
        match tree.elements(transforms)?.as_slice() {
            [one] if tree.is(*one, DS, "Transform") => exclusive(*one)?,
            _ => return Err(Flaw::new("a transform that is not allowed")),
        }
        let method = tree.child(reference, DS, "DigestMethod")?;
        if tree.attribute(method, "Algorithm") != Some(SHA256) {
            return Err(Flaw::new("a digest that is not allowed"));
        }
        let digest = base64(&tree.text(tree.child(reference, DS, "DigestValue")?))?;
        if raw(&document.canonical(id)?).as_ref() != digest {
            return Err(Flaw::new(format!("{id} was changed after it was signed")));
        }
        if !seen.insert(id.to_owned()) {
            return Err(Flaw::new(format!("it covers {uri} twice")));
        }
    }
    if let Some(missing) = expected.difference(&seen).next() {
        return Err(Flaw::new(format!("it does not cover {missing}")));
    }
    // The properties that are covered are those of this signature.
    let node = tree.by_id(&properties).and_then(|node| tree.parent(node));
    let object = node.and_then(|node| tree.parent(node));
    if object.and_then(|node| tree.parent(node)) == Some(signature) {
        Ok(())
    } else {
        Err(Flaw::new("its properties stand elsewhere"))
    }
}

fn certificates(document: &Document<'_>, signature: NodeId) -> Result<Vec<Certificate>, Flaw> {
    let tree = &document.tree;
    let data = tree.child(tree.child(signature, DS, "KeyInfo")?, DS, "X509Data")?;
    tree.children(data, DS, "X509Certificate")
        .into_iter()
        .map(|node| Certificate::parse(&base64(&tree.text(node))?))
        .collect()
}

/// The signing time, after the signer's certificate was found to be the one the properties name.
fn properties(
    document: &Document<'_>,
    slot: &Kind,
    signature: NodeId,
    signer: &Certificate,
) -> Result<OffsetDateTime, Flaw> {
    let tree = &document.tree;
    let node = tree.child(signature, DS, "Object")?;
    let node = tree.child(node, XADES, "QualifyingProperties")?;
    if tree.attribute(node, "Target") != Some(&format!("#sig-{slot}"))
        || tree.attribute(signature, "Id") != Some(&format!("sig-{slot}"))
    {
        return Err(Flaw::new("its properties are of another signature"));
    }
    let node = tree.child(node, XADES, "SignedProperties")?;
    let node = tree.child(node, XADES, "SignedSignatureProperties")?;
    let at = tree.text(tree.child(node, XADES, "SigningTime")?);
    let at = OffsetDateTime::parse(&at, &Rfc3339).map_err(|_| Flaw::new("no signing time"))?;
    let node = tree.child(node, XADES, "SigningCertificateV2")?;
    let node = tree.child(tree.child(node, XADES, "Cert")?, XADES, "CertDigest")?;
    let method = tree.child(node, DS, "DigestMethod")?;
    let digest = base64(&tree.text(tree.child(node, DS, "DigestValue")?))?;
    if tree.attribute(method, "Algorithm") != Some(SHA256) || raw(signer.der()).as_ref() != digest {
        return Err(Flaw::new("the certificate is not the one that signed"));
    }
    Ok(at)
}

/// Whether a slot is this signer's.
fn belongs(document: &Document<'_>, slot: &Kind, subject: &Subject) -> Result<(), Flaw> {
    if subject.school.as_deref() != Some(document.school()) {
        return Err(Flaw::new("the certificate is of another school"));
    }
    let title = subject.title.as_deref();
    let fits = match slot {
        Kind::Subject(_) | Kind::Homeroom => {
            subject.account.is_some() && subject.account.as_deref() == document.signer(slot)
        }
        Kind::Principal => title == Some("principal") && subject.account.is_some(),
        Kind::Seal => title == Some("seal") && subject.account.is_none(),
    };
    if fits {
        Ok(())
    } else {
        Err(Flaw::new("the certificate is not of whom the slot belongs to"))
    }
}

fn base64(text: &str) -> Result<Vec<u8>, Flaw> {
    let plain: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    BASE64.decode(&plain).map_err(|_| Flaw::new("not base64"))
}
