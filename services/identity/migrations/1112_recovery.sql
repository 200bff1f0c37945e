-- Recoveries: two people let in a third who lost a factor. The checks say the same as the rules, whoever
-- connects: nobody starts or approves for the own account, and nobody does both.

create table recovery (
    school_id  text        not null,
    id         uuid        not null,
    account_id uuid        not null,
    cause      text        not null,
    state      text        not null,
    starter    uuid        not null,
    started_at timestamptz not null,
    expires_at timestamptz not null,
    decider    uuid,
    decided_at timestamptz,
    constraint recovery_pk primary key (school_id, id),
    constraint recovery_account_fk foreign key (school_id, account_id) references account (school_id, id),
    constraint recovery_state_known check (state in ('open', 'approved', 'cancelled', 'expired')),
    constraint recovery_decided check ((state = 'open') = (decided_at is null)),
    constraint recovery_decider check ((decider is not null) = (state in ('approved', 'cancelled'))),
    constraint recovery_not_own check (starter <> account_id),
    constraint recovery_two_people check (state <> 'approved' or decider not in (starter, account_id))
);
create unique index recovery_open_once on recovery (school_id, account_id) where state = 'open';
create index recovery_by_account on recovery (school_id, account_id, id);
create index recovery_lapsing on recovery (expires_at) where state = 'open';

alter table recovery enable row level security;
alter table recovery force row level security;
create policy recovery_school on recovery using (school_id = current_setting('hocba.school', true));
create policy recovery_owner on recovery to current_user using (true);

-- Open recoveries whose time is over, for the sweeper, which then works school by school.
create function recoveries_lapsed(p_now timestamptz, p_limit int, out out_school text, out out_id uuid)
returns setof record language sql stable security definer set search_path = public, pg_temp
as $$ select school_id, id from recovery where state = 'open' and expires_at <= p_now
      order by expires_at limit p_limit $$;

revoke all on function recoveries_lapsed(timestamptz, int) from public;
grant execute on function recoveries_lapsed(timestamptz, int) to hocba_identity;
grant select, insert on recovery to hocba_identity;
grant update (state, decider, decided_at) on recovery to hocba_identity;
