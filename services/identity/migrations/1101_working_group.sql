-- A6.1: the working group of a school, by the principal's numbered and dated decision. Its members are the role
-- bindings that follow from it: there is no second list that could say something else.

create table working_group (
    school_id       text        not null,
    id              uuid        not null,
    decision_number text        not null,
    decision_date   date        not null,
    start_date      date        not null,
    end_date        date        not null,
    head            uuid        not null,
    etag            bigint      not null,
    created_at      timestamptz not null,
    created_by      uuid        not null,
    ended_at        timestamptz,
    ended_by        uuid,
    constraint working_group_pk primary key (school_id, id),
    constraint working_group_head_fk foreign key (school_id, head) references account (school_id, id),
    constraint working_group_decided check (decision_number <> ''),
    constraint working_group_order check (end_date >= start_date),
    constraint working_group_ended check ((ended_at is null) = (ended_by is null))
);

alter table working_group enable row level security;
alter table working_group force row level security;
create policy working_group_school on working_group using (school_id = current_setting('hocba.school', true));
create policy working_group_owner on working_group to current_user using (true);
grant select, insert on working_group to hocba_identity;
grant update (head, etag, ended_at, ended_by) on working_group to hocba_identity;

-- The role and the decision come together or not at all, whoever writes.
alter table role_binding
    add column working_group_id uuid,
    add constraint role_binding_working_group_fk
        foreign key (school_id, working_group_id) references working_group (school_id, id),
    add constraint role_binding_by_decision check ((role = 'working_group') = (working_group_id is not null));
create index role_binding_by_working_group on role_binding (school_id, working_group_id, id)
    where working_group_id is not null;
