-- Service accounts of other systems, each of one school: a public key, what it may read and until when. Nothing is
-- deleted: a grant that was taken back keeps its row and its times.

create table integrator (
    school_id       text        not null,
    id              uuid        not null,
    display_name    text        not null,
    key_algorithm   text        not null,
    public_key      bytea       not null,
    field_groups    text[]      not null,
    start_date      date        not null,
    end_date        date        not null,
    created_at      timestamptz not null,
    created_by      uuid        not null,
    revoked_at      timestamptz,
    revoked_by      uuid,
    last_sign_in_at timestamptz,
    constraint integrator_pk primary key (school_id, id),
    constraint integrator_school_fk foreign key (school_id) references school (id),
    constraint integrator_key_known check ((key_algorithm, length(public_key)) in (('EdDSA', 32), ('ES256', 65))),
    constraint integrator_groups_known check (cardinality(field_groups) > 0
        and field_groups <@ array['roster', 'identity_page', 'marks', 'results']),
    constraint integrator_order check (end_date between start_date and start_date + 366)
);

-- An assertion is good once: its id is kept until the assertion has ended.
create table assertion_use (
    school_id     text        not null,
    integrator_id uuid        not null,
    assertion_id  text        not null,
    expires_at    timestamptz not null,
    constraint assertion_use_pk primary key (school_id, integrator_id, assertion_id),
    constraint assertion_use_integrator_fk
        foreign key (school_id, integrator_id) references integrator (school_id, id)
);
create index assertion_use_by_end on assertion_use (expires_at);

alter table integrator enable row level security;
alter table integrator force row level security;
create policy integrator_school on integrator using (school_id = current_setting('hocba.school', true));
alter table assertion_use enable row level security;
alter table assertion_use force row level security;
create policy assertion_use_school on assertion_use using (school_id = current_setting('hocba.school', true));
create policy assertion_use_owner on assertion_use to current_user using (true);

-- Forgets the assertions that nobody can use any more.
create function assertion_uses_forget(p_before timestamptz) returns bigint
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_count bigint;
begin
    delete from assertion_use where expires_at < p_before;
    get diagnostics v_count = row_count;
    return v_count;
end $$;

revoke all on function assertion_uses_forget(timestamptz) from public;
grant execute on function assertion_uses_forget(timestamptz) to hocba_identity;
grant select, insert on integrator, assertion_use to hocba_identity;
grant update (revoked_at, revoked_by, last_sign_in_at) on integrator to hocba_identity;
