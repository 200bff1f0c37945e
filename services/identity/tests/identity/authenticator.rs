//! An authenticator and a browser in software: what they answer can be bent part by part.

use data_encoding::BASE64URL_NOPAD;
use hocba_proto::identity::{Assertion, AssertionOptions, SecurityKeyOptions};
use minicbor::Encoder;
use ring::{
    digest::{SHA256, digest},
    rand::{SecureRandom as _, SystemRandom},
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};

use crate::harness::{ORIGIN, RP_ID};

/// Somebody touched it, and was recognised.
pub(crate) const PRESENT_AND_VERIFIED: u8 = 0x05;
/// A credential comes along.
pub(crate) const ATTESTED: u8 = 0x40;
/// Extensions come along.
pub(crate) const EXTENSIONS: u8 = 0x80;

/// One key of one account.
pub(crate) struct Authenticator {
    pair: EcdsaKeyPair,
    pub(crate) credential_id: Vec<u8>,
    pub(crate) user_handle: Vec<u8>,
    pub(crate) count: u32,
}

/// A registration as it is answered; every part can be bent before it is written.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) client: Client,
    pub(crate) data: Data,
    pub(crate) format: &'static str,
    pub(crate) statement: bool,
    pub(crate) key_type: i64,
    pub(crate) algorithm: i64,
    pub(crate) curve: i64,
    pub(crate) x: Vec<u8>,
    pub(crate) y: Vec<u8>,
    pub(crate) credential_id: Vec<u8>,
    pub(crate) after: Vec<u8>,
}

/// What the browser says.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) ceremony: &'static str,
    pub(crate) challenge: Vec<u8>,
    pub(crate) origin: String,
    pub(crate) cross_origin: bool,
}

impl Client {
    pub(crate) fn json(&self) -> Vec<u8> {
        serde_json::json!({
            "type": self.ceremony,
            "challenge": BASE64URL_NOPAD.encode(&self.challenge),
            "origin": self.origin,
            "crossOrigin": self.cross_origin,
        })
        .to_string()
        .into_bytes()
    }
}

/// What the authenticator says before a credential.
#[derive(Clone)]
pub(crate) struct Data {
    pub(crate) rp_id: String,
    pub(crate) flags: u8,
    pub(crate) count: u32,
    pub(crate) extensions: Vec<u8>,
}

impl Data {
    fn bytes(&self, credential: &[u8]) -> Vec<u8> {
        let mut bytes = digest(&SHA256, self.rp_id.as_bytes()).as_ref().to_vec();
        bytes.push(self.flags);
        bytes.extend(self.count.to_be_bytes());
        bytes.extend(credential);
        bytes.extend(&self.extensions);
        bytes
    }
}

impl Made {
    /// attestationObject.
    pub(crate) fn object(&self) -> Vec<u8> {
        let mut credential = Vec::new();
        if self.data.flags & ATTESTED != 0 {
            credential.extend([0; 16]);
            credential.extend(u16::try_from(self.credential_id.len()).unwrap().to_be_bytes());
            credential.extend(&self.credential_id);
            let mut key = Encoder::new(Vec::new());
            key.map(5).unwrap();
            for (label, value) in [(1, self.key_type), (3, self.algorithm), (-1, self.curve)] {
                key.i64(label).unwrap().i64(value).unwrap();
            }
            key.i64(-2).unwrap().bytes(&self.x).unwrap();
            key.i64(-3).unwrap().bytes(&self.y).unwrap();
            credential.extend(key.into_writer());
        }
        let mut object = Encoder::new(Vec::new());
        object.map(3).unwrap();
        object.str("fmt").unwrap().str(self.format).unwrap();
        object.str("attStmt").unwrap();
        if self.statement {
            object.map(1).unwrap().str("alg").unwrap().i64(-7).unwrap();
        } else {
            object.map(0).unwrap();
        }
        object
            .str("authData")
            .unwrap()
            .bytes(&self.data.bytes(&credential))
            .unwrap();
        let mut bytes = object.into_writer();
        bytes.extend(&self.after);
        bytes
    }
}

/// An answer to a challenge before it is signed.
#[derive(Clone)]
pub(crate) struct Answering {
    pub(crate) client: Client,
    pub(crate) data: Data,
    pub(crate) credential_id: Vec<u8>,
    pub(crate) user_handle: Vec<u8>,
}

impl Authenticator {
    /// A new key, and what it answers to a registration.
    pub(crate) fn create(options: &SecurityKeyOptions) -> (Self, Made) {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let mut credential_id = vec![0; 32];
        random.fill(&mut credential_id).unwrap();
        let point = pair.public_key().as_ref();
        let made = Made {
            client: Client {
                ceremony: "webauthn.create",
                challenge: options.challenge.clone(),
                origin: ORIGIN.to_owned(),
                cross_origin: false,
            },
            data: Data {
                rp_id: options.rp_id.clone(),
                flags: PRESENT_AND_VERIFIED | ATTESTED,
                count: 0,
                extensions: Vec::new(),
            },
            format: "none",
            statement: false,
            key_type: 2,
            algorithm: -7,
            curve: 1,
            x: point.get(1..33).unwrap().to_vec(),
            y: point.get(33..).unwrap().to_vec(),
            credential_id: credential_id.clone(),
            after: Vec::new(),
        };
        let key = Self {
            pair,
            credential_id,
            user_handle: options.user_handle.clone(),
            count: 0,
        };
        (key, made)
    }

    /// The answer to a challenge, still to be signed. Counts.
    pub(crate) fn answering(&mut self, options: &AssertionOptions) -> Answering {
        assert_eq!(options.rp_id, RP_ID);
        self.count += 1;
        Answering {
            client: Client {
                ceremony: "webauthn.get",
                challenge: options.challenge.clone(),
                origin: ORIGIN.to_owned(),
                cross_origin: false,
            },
            data: Data {
                rp_id: options.rp_id.clone(),
                flags: PRESENT_AND_VERIFIED,
                count: self.count,
                extensions: Vec::new(),
            },
            credential_id: self.credential_id.clone(),
            user_handle: self.user_handle.clone(),
        }
    }

    /// Signs an answer.
    pub(crate) fn sign(&self, answering: &Answering) -> Assertion {
        let client_data_json = answering.client.json();
        let authenticator_data = answering.data.bytes(&[]);
        let mut signed = authenticator_data.clone();
        signed.extend(digest(&SHA256, &client_data_json).as_ref());
        let signature = self.pair.sign(&SystemRandom::new(), &signed).unwrap();
        Assertion {
            credential_id: answering.credential_id.clone(),
            client_data_json,
            authenticator_data,
            signature: signature.as_ref().to_vec(),
            user_handle: answering.user_handle.clone(),
        }
    }

    /// The good answer to a challenge.
    pub(crate) fn answer(&mut self, options: &AssertionOptions) -> Assertion {
        let answering = self.answering(options);
        self.sign(&answering)
    }
}
