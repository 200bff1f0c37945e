-- The feed all services poll. Numbers rise in the order of commits: the counter's row stays locked until
-- the transaction ends, so a reader that has seen 7 can never meet a 6 later, and a rolled-back event
-- leaves no gap. A plain sequence would promise neither.

create table account_event_counter (
    one  boolean not null default true,
    last bigint  not null,
    constraint account_event_counter_pk primary key (one),
    constraint account_event_counter_single check (one)
);
insert into account_event_counter (last) values (0);

create table account_event (
    seq         bigint      not null,
    school_id   text        not null,
    kind        text        not null,
    account_id  uuid        not null,
    sign_in_id  uuid,
    occurred_at timestamptz not null,
    constraint account_event_pk primary key (seq),
    constraint account_event_kind_known
        check (kind in ('sign_in_ended', 'account_suspended', 'account_restored', 'roles_changed')),
    constraint account_event_sign_in check ((kind = 'sign_in_ended') = (sign_in_id is not null))
);
create index account_event_by_age on account_event (occurred_at);

alter table account_event enable row level security;
alter table account_event force row level security;
create policy account_event_school on account_event using (school_id = current_setting('hocba.school', true));
create policy account_event_owner on account_event to current_user using (true);

-- Call it last in a transaction: from here to the commit everybody else waits.
create function account_event_put(p_school text, p_kind text, p_account uuid, p_sign_in uuid, p_at timestamptz)
returns bigint language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_seq bigint;
begin
    perform school_check(p_school);
    update account_event_counter set last = last + 1 returning last into v_seq;
    insert into account_event (seq, school_id, kind, account_id, sign_in_id, occurred_at)
    values (v_seq, p_school, p_kind, p_account, p_sign_in, p_at);
    return v_seq;
end $$;

create function account_events_after(p_after bigint, p_limit int, out out_seq bigint, out out_school text,
    out out_kind text, out out_account uuid, out out_sign_in uuid, out out_at timestamptz)
returns setof record language sql stable security definer set search_path = public, pg_temp
as $$ select seq, school_id, kind, account_id, sign_in_id, occurred_at from account_event
       where seq > p_after order by seq limit p_limit $$;

-- Forgets what every service has long seen.
create function account_events_forget(p_before timestamptz) returns bigint
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_count bigint;
begin
    delete from account_event where occurred_at < p_before;
    get diagnostics v_count = row_count;
    return v_count;
end $$;

revoke all on function account_event_put(text, text, uuid, uuid, timestamptz),
    account_events_after(bigint, int), account_events_forget(timestamptz) from public;
grant execute on function account_event_put(text, text, uuid, uuid, timestamptz),
    account_events_after(bigint, int), account_events_forget(timestamptz) to hocba_identity;
