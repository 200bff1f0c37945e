-- Corrections (A5) and reviews (A6.5). What people wrote and their act tokens stand sealed (bytea): a dossier's
-- under its own key, a review's note under the service's.

create table dossier (
    school_id         text        not null,
    dossier_id        uuid        not null,
    requester         uuid        not null,
    class             text        not null,
    -- Wrapped by the master key; seals everything of this dossier.
    data_key          bytea       not null,
    -- The model's JSON, sealed: cells, what stood there, what shall stand there.
    changes           bytea       not null,
    reason            bytea       not null,
    evidence          text[]      not null default '{}',
    last_day          text        not null,
    track             text,
    digest            text,
    state             text        not null,
    decided_by        uuid,
    decided_at        timestamptz,
    decided_token     bytea,
    decided_delegation text,
    decision_reason   bytea,
    -- Attestations of an earlier round ended with its permit.
    round             int         not null default 1,
    permit_expires_at timestamptz,
    receipt           text,
    applied_at        timestamptz,
    created_at        timestamptz not null,
    submitted_at      timestamptz,
    constraint dossier_pk primary key (school_id, dossier_id),
    constraint dossier_state check (state in
        ('draft', 'submitted', 'consented', 'permitted', 'applied', 'refused', 'withdrawn')),
    constraint dossier_track check (track in ('normal', 'late')),
    constraint dossier_submitted check (
        (submitted_at is null) = (digest is null) and (submitted_at is null) = (track is null)),
    constraint dossier_applied check ((state = 'applied') = (receipt is not null)),
    constraint dossier_other_decider check (decided_by <> requester)
);
create index dossier_requester on dossier (school_id, requester, dossier_id);

create table attestation (
    school_id   text        not null,
    dossier_id  uuid        not null,
    round       int         not null,
    capacity    text        not null,
    account_id  uuid        not null,
    token       bytea       not null,
    delegation  text,
    attested_at timestamptz not null,
    constraint attestation_pk primary key (school_id, dossier_id, round, capacity),
    -- Three people (A5.1).
    constraint attestation_people unique (school_id, dossier_id, round, account_id),
    constraint attestation_capacity check (capacity in ('management_board', 'working_group', 'requester')),
    constraint attestation_dossier foreign key (school_id, dossier_id) references dossier
);

create table checklist_item (
    school_id    text   not null,
    dossier_id   uuid   not null,
    number       int    not null,
    document     text   not null,
    kind         text   not null,
    signed_slots text[] not null,
    proof        bytea,
    closed_by    uuid,
    closed_at    timestamptz,
    constraint checklist_item_pk primary key (school_id, dossier_id, number),
    constraint checklist_item_dossier foreign key (school_id, dossier_id) references dossier,
    constraint checklist_item_closed check (
        (closed_by is null) = (closed_at is null) and (closed_by is null) = (proof is null))
);

create table review (
    school_id   text        not null,
    review_id   uuid        not null,
    class       text        not null,
    state       text        not null,
    created_by  uuid        not null,
    created_at  timestamptz not null,
    decided_by  uuid,
    decided_at  timestamptz,
    delegation  text,
    note        bytea,
    -- When the archive is told next; null when it knows, or has nothing to know.
    tell_at     timestamptz,
    constraint review_pk primary key (school_id, review_id),
    constraint review_state check (state in ('open', 'approved', 'returned')),
    constraint review_decided check ((state = 'open') = (decided_by is null) and (decided_by is null) = (decided_at is null))
);
create unique index review_open on review (school_id, class) where state = 'open';
create index review_untold on review (tell_at) where tell_at is not null;

-- Takes the decided reviews that the archive has not heard of, over all schools, until p_until.
create function reviews_to_tell(p_now timestamptz, p_until timestamptz)
returns table (out_school text, out_review uuid)
language sql volatile security definer set search_path = public, pg_temp as $$
    update review set tell_at = p_until
    where (school_id, review_id) in (
        select school_id, review_id from review where tell_at <= p_now order by tell_at limit 20
        for update skip locked)
    returning school_id, review_id
$$;

do $$
declare
    service text := current_setting('hocba.service_role');
    guarded text;
begin
    foreach guarded in array array['dossier', 'attestation', 'checklist_item', 'review'] loop
        execute format('alter table %I enable row level security', guarded);
        execute format('alter table %I force row level security', guarded);
        execute format('create policy %I on %I using (school_id = hocba_school()) with check (school_id = hocba_school())',
            guarded || '_school', guarded);
        execute format('grant select, insert on %I to %I', guarded, service);
    end loop;
    execute format('create policy review_owner on review to %I using (true) with check (true)', current_user);
    revoke all on function reviews_to_tell(timestamptz, timestamptz) from public;
    execute format('grant execute on function reviews_to_tell(timestamptz, timestamptz) to %I', service);
    execute format('grant update (evidence, track, digest, state, decided_by, decided_at, decided_token, decided_delegation, decision_reason, round, permit_expires_at, receipt, applied_at, submitted_at) on dossier to %I', service);
    execute format('grant update (proof, closed_by, closed_at) on checklist_item to %I', service);
    execute format('grant update (state, decided_by, decided_at, delegation, note, tell_at) on review to %I', service);
end $$;
