//! The public service.

use std::sync::Arc;

use hocba_chassis::Caller;
use hocba_proto::signing::{
    BatchAuthorizeCertificatesRequest, BatchAuthorizeCertificatesResponse, Ceremony, Certificate,
    CreateCeremonyRequest, CreatePersonalKeyRequest, CreatePersonalKeyResponse, CreateSealKeyRequest,
    CreateSealKeyResponse, GetCeremonyRequest, GetCertificateRequest, GetTrustAnchorsRequest,
    GetTrustAnchorsResponse, ListCeremoniesRequest, ListCeremoniesResponse, ListCertificatesRequest,
    ListCertificatesResponse, RevokeCertificateRequest, SignCeremonyRequest,
    signing_service_server::SigningService,
};
use tonic::{Request, Response, Status};

use crate::{State, app, model::kind::KeyKind, wire};

/// The service.
#[derive(Clone)]
pub struct Server(pub Arc<State>);

#[tonic::async_trait]
impl SigningService for Server {
    async fn batch_authorize_certificates(
        &self,
        request: Request<BatchAuthorizeCertificatesRequest>,
    ) -> Result<Response<BatchAuthorizeCertificatesResponse>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let school = wire::school("parent", &request.parent)?;
        let grants = wire::grants(&request.grants)?;
        let answer =
            app::authorization::batch_authorize_certificates(&self.0, &caller, &school, &grants, &request);
        Ok(Response::new(answer.await?))
    }

    async fn create_personal_key(
        &self,
        request: Request<CreatePersonalKeyRequest>,
    ) -> Result<Response<CreatePersonalKeyResponse>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let name = wire::authorization_name(&request.authorization)?;
        let made =
            app::key::create_key(&self.0, &caller, &name, KeyKind::Personal, &request.act_token).await?;
        Ok(Response::new(CreatePersonalKeyResponse {
            certificate: Some(wire::certificate(
                &name.school,
                made.certificate,
                self.0.clock.now(),
            )),
            passphrase: made.passphrase.to_string(),
        }))
    }

    async fn create_seal_key(
        &self,
        request: Request<CreateSealKeyRequest>,
    ) -> Result<Response<CreateSealKeyResponse>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let name = wire::authorization_name(&request.authorization)?;
        let made = app::key::create_key(&self.0, &caller, &name, KeyKind::Seal, &request.act_token).await?;
        Ok(Response::new(CreateSealKeyResponse {
            certificate: Some(wire::certificate(
                &name.school,
                made.certificate,
                self.0.clock.now(),
            )),
            passphrase: made.passphrase.to_string(),
        }))
    }

    async fn get_certificate(
        &self,
        request: Request<GetCertificateRequest>,
    ) -> Result<Response<Certificate>, Status> {
        let caller = Caller::of(&request)?;
        let (school, serial) = wire::certificate_id(&request.get_ref().name)?;
        let answer = app::certificate::get_certificate(&self.0, &caller, &school, &serial);
        Ok(Response::new(answer.await?))
    }

    async fn list_certificates(
        &self,
        request: Request<ListCertificatesRequest>,
    ) -> Result<Response<ListCertificatesResponse>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let school = wire::school("parent", &request.parent)?;
        let answer = app::certificate::list_certificates(&self.0, &caller, &school, &request);
        Ok(Response::new(answer.await?))
    }

    async fn revoke_certificate(
        &self,
        request: Request<RevokeCertificateRequest>,
    ) -> Result<Response<Certificate>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let (school, serial) = wire::certificate_id(&request.name)?;
        let answer = app::certificate::revoke_certificate(&self.0, &caller, (&school, &serial), &request);
        Ok(Response::new(answer.await?))
    }

    async fn get_trust_anchors(
        &self,
        request: Request<GetTrustAnchorsRequest>,
    ) -> Result<Response<GetTrustAnchorsResponse>, Status> {
        let caller = Caller::of(&request)?;
        Ok(Response::new(app::certificate::get_trust_anchors(
            &self.0, &caller,
        )?))
    }

    async fn create_ceremony(
        &self,
        request: Request<CreateCeremonyRequest>,
    ) -> Result<Response<Ceremony>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let school = wire::school("parent", &request.parent)?;
        let slots = wire::slots(&request.slots)?;
        let answer = app::ceremony::create_ceremony(&self.0, &caller, &school, &slots, &request);
        Ok(Response::new(answer.await?))
    }

    async fn get_ceremony(&self, request: Request<GetCeremonyRequest>) -> Result<Response<Ceremony>, Status> {
        let caller = Caller::of(&request)?;
        let name = wire::ceremony_name(&request.get_ref().name)?;
        Ok(Response::new(
            app::ceremony::get_ceremony(&self.0, &caller, &name).await?,
        ))
    }

    async fn sign_ceremony(
        &self,
        request: Request<SignCeremonyRequest>,
    ) -> Result<Response<Ceremony>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let name = wire::ceremony_name(&request.name)?;
        Ok(Response::new(
            app::sign::sign_ceremony(&self.0, &caller, &name, request).await?,
        ))
    }

    async fn list_ceremonies(
        &self,
        request: Request<ListCeremoniesRequest>,
    ) -> Result<Response<ListCeremoniesResponse>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let school = wire::school("parent", &request.parent)?;
        let answer = app::ceremony::list_ceremonies(&self.0, &caller, &school, &request);
        Ok(Response::new(answer.await?))
    }
}
