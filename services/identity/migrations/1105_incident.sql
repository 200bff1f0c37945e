-- A9, 7.2: incidents and what was done about them. What people write stands sealed; steps are insert only. An incident
-- without a reporter was reported by somebody who could not sign in.

create table incident (
    school_id   text        not null,
    id          uuid        not null,
    kind        text        not null,
    description bytea       not null,
    reporter    uuid,
    contact     bytea,
    state       text        not null,
    outcome     text,
    reported_at timestamptz not null,
    constraint incident_pk primary key (school_id, id),
    constraint incident_kind_known check (kind in ('no_access', 'account_misused', 'data_wrong', 'data_leaked',
        'system_fault', 'other')),
    constraint incident_state_known check (state in ('reported', 'acknowledged', 'acted', 'closed')),
    constraint incident_outcome_known check (outcome in ('resolved', 'no_incident', 'handed_on')),
    constraint incident_closed check ((state = 'closed') = (outcome is not null)),
    constraint incident_somebody check (reporter is not null or contact is not null)
);
create index incident_by_reporter on incident (school_id, reporter, id);

create table incident_step (
    school_id   text        not null,
    incident_id uuid        not null,
    place       int         not null,
    state       text        not null,
    actor       uuid        not null,
    acted_at    timestamptz not null,
    note        bytea       not null,
    constraint incident_step_pk primary key (school_id, incident_id, place),
    constraint incident_step_incident_fk foreign key (school_id, incident_id) references incident (school_id, id),
    constraint incident_step_state_known check (state in ('acknowledged', 'acted', 'closed'))
);

alter table incident enable row level security;
alter table incident force row level security;
create policy incident_school on incident using (school_id = current_setting('hocba.school', true));
create policy incident_owner on incident to current_user using (true);
alter table incident_step enable row level security;
alter table incident_step force row level security;
create policy incident_step_school on incident_step using (school_id = current_setting('hocba.school', true));
create policy incident_step_owner on incident_step to current_user using (true);
grant select, insert on incident, incident_step to hocba_identity;
grant update (state, outcome) on incident to hocba_identity;
