-- Sign-ins, their refresh tokens (SHA-256 only), used steps of the second factor, failed attempts, and
-- the act tokens given out (a history: insert only).

create table sign_in (
    school_id     text        not null,
    id            uuid        not null,
    account_id    uuid        not null,
    client_digest bytea       not null,
    address       text        not null,
    user_agent    text        not null,
    premises      boolean     not null,
    security_key  boolean     not null,
    started_at    timestamptz not null,
    last_used_at  timestamptz not null,
    expires_at    timestamptz not null,
    ended_at      timestamptz,
    end_cause     text,
    constraint sign_in_pk primary key (school_id, id),
    constraint sign_in_account_fk foreign key (school_id, account_id) references account (school_id, id),
    constraint sign_in_end_cause check ((ended_at is null) = (end_cause is null)),
    constraint sign_in_end_cause_known
        check (end_cause in ('signed_out', 'token_reused', 'suspended', 'expired', 'password_changed', 'recovered'))
);
create index sign_in_by_account on sign_in (school_id, account_id, id);
create index sign_in_by_client on sign_in (school_id, client_digest, started_at);
create index sign_in_open on sign_in (school_id, account_id) where ended_at is null;
create index sign_in_lapsing on sign_in (expires_at) where ended_at is null;

create table refresh_token (
    school_id  text        not null,
    digest     bytea       not null,
    sign_in_id uuid        not null,
    generation int         not null,
    issued_at  timestamptz not null,
    rotated_at timestamptz,
    constraint refresh_token_pk primary key (school_id, digest),
    constraint refresh_token_digest_unique unique (digest),
    constraint refresh_token_generation_unique unique (school_id, sign_in_id, generation),
    constraint refresh_token_sign_in_fk foreign key (school_id, sign_in_id) references sign_in (school_id, id)
);

-- A code is accepted once a use: `sign_in`, `confirm`, or `step_up:` with purpose and digest.
create table totp_use (
    school_id  text        not null,
    account_id uuid        not null,
    step       bigint      not null,
    use        text        not null,
    used_at    timestamptz not null,
    constraint totp_use_pk primary key (school_id, account_id, step, use),
    constraint totp_use_account_fk foreign key (school_id, account_id) references account (school_id, id)
);

-- Keyed by a keyed digest of what was tried (an e-mail, owned or not; a person), so that the table holds
-- no address and an answer tells nothing about who exists. No school: none is known yet.
create table attempt (
    key           bytea       not null,
    failures      int         not null,
    blocked_until timestamptz,
    updated_at    timestamptz not null,
    constraint attempt_pk primary key (key)
);
create index attempt_by_age on attempt (updated_at);

create table act_token_issue (
    school_id     text        not null,
    id            uuid        not null,
    account_id    uuid        not null,
    sign_in_id    uuid        not null,
    role          text        not null,
    delegation_id uuid,
    purpose       text        not null,
    digest        text        not null,
    premises      boolean     not null,
    issued_at     timestamptz not null,
    constraint act_token_issue_pk primary key (school_id, id),
    constraint act_token_issue_sign_in_fk foreign key (school_id, sign_in_id) references sign_in (school_id, id),
    constraint act_token_issue_delegation_fk
        foreign key (school_id, delegation_id) references delegation (school_id, id)
);

alter table sign_in enable row level security;
alter table sign_in force row level security;
create policy sign_in_school on sign_in using (school_id = current_setting('hocba.school', true));
create policy sign_in_owner on sign_in to current_user using (true);
alter table refresh_token enable row level security;
alter table refresh_token force row level security;
create policy refresh_token_school on refresh_token using (school_id = current_setting('hocba.school', true));
create policy refresh_token_owner on refresh_token to current_user using (true);
alter table totp_use enable row level security;
alter table totp_use force row level security;
create policy totp_use_school on totp_use using (school_id = current_setting('hocba.school', true));
create policy totp_use_owner on totp_use to current_user using (true);
alter table act_token_issue enable row level security;
alter table act_token_issue force row level security;
create policy act_token_issue_school on act_token_issue using (school_id = current_setting('hocba.school', true));
create policy act_token_issue_owner on act_token_issue to current_user using (true);

-- Which school a refresh token belongs to: the token alone comes with the request.
create function refresh_token_locate(p_digest bytea) returns text
language sql stable security definer set search_path = public, pg_temp
as $$ select school_id from refresh_token where digest = p_digest $$;

-- Open sign-ins whose time is over, for the sweeper, which then works school by school.
create function sign_ins_lapsed(p_now timestamptz, p_limit int, out out_school text, out out_id uuid)
returns setof record language sql stable security definer set search_path = public, pg_temp
as $$ select school_id, id from sign_in where ended_at is null and expires_at <= p_now
      order by expires_at limit p_limit $$;

-- Schools where a role or delegation has ended by its date and nobody was told yet.
create function roles_lapsed(p_today date, out out_school text)
returns setof text language sql stable security definer set search_path = public, pg_temp
as $$ select school_id from role_binding
       where end_date < p_today and revoked_at is null and lapse_told_at is null
      union
      select school_id from delegation
       where end_date < p_today and revoked_at is null and lapse_told_at is null $$;

revoke all on function refresh_token_locate(bytea), sign_ins_lapsed(timestamptz, int), roles_lapsed(date) from public;
grant execute on function refresh_token_locate(bytea), sign_ins_lapsed(timestamptz, int), roles_lapsed(date)
    to hocba_identity;
grant select, insert on sign_in, refresh_token, totp_use, act_token_issue, attempt to hocba_identity;
grant update (last_used_at, ended_at, end_cause) on sign_in to hocba_identity;
grant update (rotated_at) on refresh_token to hocba_identity;
grant update, delete on attempt to hocba_identity;
