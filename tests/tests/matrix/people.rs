//! Somebody of every role, and the places they are asked at.

use anyhow::Context as _;
use hocba_cluster::{
    Cluster,
    filled::Places,
    person::Person,
    school::{School, account, request_id},
};
use hocba_proto::{
    identity::{
        Account, CreateAccountRequest, CreateWorkingGroupRequest, WorkingGroup,
        identity_service_client::IdentityServiceClient, working_group,
    },
    records::{BatchCreateTeachingAssignmentsRequest, ListPupilsRequest, TeachingAssignment},
    types::Semester,
    workflow::{
        DecideLockOrderRequest, ExecuteLockOrderRequest, LockOrder, ProposeLockOrderRequest,
        decide_lock_order_request::Decision, lock_order::Kind,
        workflow_service_client::WorkflowServiceClient,
    },
};

use crate::integrator::System;

/// Who asks.
pub(crate) enum Asker {
    Person(Box<Person>),
    System(System),
}

/// The school whose people ask, and another one.
pub(crate) struct People {
    /// One person a role.
    pub(crate) roles: Vec<(&'static str, Asker)>,
    places: [Places; 3],
    school: School,
}

impl People {
    pub(crate) async fn make(cluster: &Cluster) -> anyhow::Result<Self> {
        let pupils = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let own = pupils(&["Kiều Quỳnh Thơ", "Lục Bảo Ngân", "Đoàn Nhật Vượng"]);
        let other = pupils(&["Ngô An Bình", "Vũ Gia Hân"]);
        let school = School::make_of(cluster, &[("5A", &own), ("5B", &other)]).await?;
        let stranger = School::make_of(cluster, &[("5A", &own)]).await?;
        let operator = cluster.signed_in_operator().await?;
        let admin = &school.admin;
        let person = async |role| account(cluster, admin, &school.name, &[role]).await;

        let subject = person("subject_teacher").await?;
        let homeroom = person("homeroom_teacher").await?;
        assign(&school, &[("TO", &subject), ("criteria", &homeroom)]).await?;
        // No role but the one the decision gives.
        let member = account(cluster, admin, &school.name, &[]).await?;
        appoint(cluster, &school, &member).await?;
        let member = cluster.sign_in(&member.login).await?;
        let officer = officer(cluster, &operator, &school).await?;
        let system = System::register(cluster, &school.principal, &school.name).await?;
        // Whom permitted callers may do things to: nobody signs in as these, and each place has its own.
        let victims = [person("subject_teacher").await?, person("subject_teacher").await?];
        let [here, there] = &victims;

        let places = [
            place(&school, &school.class, here).await?,
            place(&school, &school.class.replace("/5a", "/5b"), there).await?,
            place(&stranger, &stranger.class, &stranger.teacher).await?,
        ];
        let somebody = |person| Asker::Person(Box::new(person));
        Ok(Self {
            roles: vec![
                ("principal", somebody(school.principal.clone())),
                ("vice_principal", somebody(person("vice_principal").await?)),
                ("subject_teacher", somebody(subject)),
                ("homeroom_teacher", somebody(homeroom)),
                ("system_admin", somebody(school.admin.clone())),
                ("office_clerk", somebody(person("office_clerk").await?)),
                ("working_group", somebody(member)),
                ("inspector", somebody(person("inspector").await?)),
                ("district_officer", somebody(officer)),
                ("operator", somebody(operator)),
                ("integrator", Asker::System(system)),
            ],
            places,
            school,
        })
    }

    /// Own class, other class, other school.
    pub(crate) fn places(&self) -> &[Places; 3] {
        &self.places
    }

    /// A role and a token of it that lasts for a round of questions.
    pub(crate) async fn token(
        &mut self,
        cluster: &Cluster,
        at: usize,
    ) -> anyhow::Result<(&'static str, String)> {
        let (role, asker) = self.roles.get_mut(at).context("a role")?;
        let token = match asker {
            Asker::Person(person) => {
                person.keep_fresh().await?;
                person.token.clone()
            }
            Asker::System(system) => system.sign_in(cluster).await?,
        };
        Ok((role, token))
    }

    /// Locks the marks of both semesters, then the books.
    pub(crate) async fn lock(&self, cluster: &Cluster) -> anyhow::Result<()> {
        // The round before took a while: both sign in anew.
        let principal = cluster.sign_in(&self.school.principal.login).await?;
        let admin = cluster.sign_in(&self.school.admin.login).await?;
        let mut workflow = WorkflowServiceClient::new(cluster.channel());
        for (kind, semester) in [
            (Kind::LockMarks, Semester::One),
            (Kind::LockMarks, Semester::Two),
            (Kind::LockBooks, Semester::Unspecified),
        ] {
            let propose = ProposeLockOrderRequest {
                parent: self.school.name.clone(),
                lock_order: Some(LockOrder {
                    kind: kind.into(),
                    year: format!("{}/years/2025-2026", self.school.name),
                    semester: semester.into(),
                    number: format!("{:?}/QĐ-TH", (kind, semester)),
                    reason: "Kết thúc năm học".to_owned(),
                    ..LockOrder::default()
                }),
                request_id: request_id(),
            };
            let order = workflow
                .propose_lock_order(admin.ask(propose)?)
                .await?
                .into_inner();
            let decide = DecideLockOrderRequest {
                name: order.name.clone(),
                decision: Decision::Approve.into(),
                refusal: String::new(),
                act_token: principal
                    .step_up("lock_order.decide", &order.digest, "principal")
                    .await?,
                request_id: request_id(),
            };
            workflow.decide_lock_order(principal.ask(decide)?).await?;
            let execute = ExecuteLockOrderRequest {
                name: order.name,
                act_token: admin
                    .step_up("lock_order.execute", &order.digest, "system_admin")
                    .await?,
                request_id: request_id(),
            };
            workflow.execute_lock_order(admin.ask(execute)?).await?;
        }
        Ok(())
    }
}

/// What stands for names in requests about a class.
async fn place(school: &School, class: &str, account: &Person) -> anyhow::Result<Places> {
    let request = ListPupilsRequest {
        parent: class.to_owned(),
    };
    let pupils = school
        .records()
        .list_pupils(school.principal.ask(request)?)
        .await?;
    let pupils = pupils.into_inner().pupils;
    let pupil = pupils.first().context("a class has a pupil")?;
    let id = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    Ok(Places::default()
        .with("school", id(&school.name))
        .with("authority", id(&school.name))
        .with("class", id(class))
        .with("pupil", id(&pupil.name))
        .with("account", id(&account.login.account)))
}

async fn assign(school: &School, who: &[(&str, &Person)]) -> anyhow::Result<()> {
    let assignments = who.iter().map(|(item, teacher)| TeachingAssignment {
        class: school.class.clone(),
        item: (*item).to_owned(),
        teacher: teacher.login.account.clone(),
        teacher_name: "Giáo viên thử".to_owned(),
    });
    let request = BatchCreateTeachingAssignmentsRequest {
        parent: format!("{}/years/2025-2026", school.name),
        assignments: assignments.collect(),
        request_id: request_id(),
    };
    let request = school.admin.ask(request)?;
    school
        .records()
        .batch_create_teaching_assignments(request)
        .await?;
    Ok(())
}

/// The principal's decision makes somebody a member of the working group.
async fn appoint(cluster: &Cluster, school: &School, member: &Person) -> anyhow::Result<()> {
    let account = member.login.account.clone();
    let request = CreateWorkingGroupRequest {
        parent: school.name.clone(),
        working_group: Some(WorkingGroup {
            decision_number: "12/QĐ-TH".to_owned(),
            decision_date: "2025-09-05".to_owned(),
            end_date: "2027-05-31".to_owned(),
            members: vec![working_group::Member {
                account: account.clone(),
                duty: "Thành viên".to_owned(),
            }],
            head: account,
            ..WorkingGroup::default()
        }),
        request_id: request_id(),
    };
    IdentityServiceClient::new(cluster.channel())
        .create_working_group(school.principal.ask(request)?)
        .await?;
    Ok(())
}

/// An officer of the authority over the school.
async fn officer(cluster: &Cluster, operator: &Person, school: &School) -> anyhow::Result<Person> {
    let email = format!("{}@matrix.example", request_id());
    let id = school.name.rsplit('/').next().unwrap_or_default();
    let request = CreateAccountRequest {
        account: Some(Account {
            email: email.clone(),
            display_name: "Cán bộ huyện".to_owned(),
            authority: format!("authorities/{id}"),
            ..Account::default()
        }),
        roles: vec!["district_officer".to_owned()],
        request_id: request_id(),
    };
    let made = IdentityServiceClient::new(cluster.channel())
        .create_account(operator.ask(request)?)
        .await?
        .into_inner();
    let login = Person::activate(&cluster.channel(), &email, &made.activation_code).await?;
    cluster.sign_in(&login).await
}
