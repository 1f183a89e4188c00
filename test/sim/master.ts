/** Lets faults begin and end: what each kind does to the world besides the weather of single calls. */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/domain/interval.ts';
import { Administrator } from './administrator.ts';
import type { Fault } from './faults.ts';
import type { StatesBackup } from './judge-states.ts';
import type { World } from './world.ts';

export class FaultMaster {
  readonly #world: World;
  readonly #administrator: Administrator;
  #backup: {
    readonly file: Uint8Array;
    readonly states: StatesBackup;
    readonly atMs: number;
    readonly fault: Fault;
  } | null = null;

  constructor(world: World) {
    this.#world = world;
    this.#administrator = new Administrator(world);
  }

  plan(fault: Fault): void {
    const { scheduler, verdicts } = this.#world;
    scheduler.at(fault.atMs, () => {
      verdicts.note(
        `${fault.kind} begins (${fault.choice.toFixed(2)}, ${fault.measure.toFixed(2)}) until ${new Date(fault.untilMs).toISOString()}`,
      );
      const { active } = this.#world;
      active.set(fault.kind, [...(active.get(fault.kind) ?? []), fault]);
      this.#begin(fault);
    });
    scheduler.at(fault.untilMs, () => {
      const { active } = this.#world;
      const rest = (active.get(fault.kind) ?? []).filter((other) => other !== fault);
      if (rest.length > 0) active.set(fault.kind, rest);
      else active.delete(fault.kind);
      verdicts.note(`${fault.kind} ends`);
      this.#end(fault, rest.length > 0);
    });
  }

  #begin(fault: Fault): void {
    const world = this.#world;
    const { ncc, mpower, collector, machine, scheduler } = world;
    const { choice, measure } = fault;
    switch (fault.kind) {
      case 'S4':
        if (choice < 0.2) ncc.mood.failsRosterPage = true;
        else {
          const share = choice < 0.35 ? 1 : measure < 0.7 ? 0.05 : 0.5;
          ncc.mood.leaveOut = { share, left: 1 + Math.floor(measure * 5), salt: Math.floor(choice * 1e6) };
        }
        return;
      case 'S7':
      case 'S7days':
        world.offUntilMs = Math.max(world.offUntilMs, fault.untilMs);
        world.second?.process.die();
        collector.process.die();
        return;
      case 'S8':
        ncc.mood.clockOffsetMs =
          choice < 0.5 ? Math.round((measure - 0.5) * 20 * MINUTE_MS) : Math.round((measure - 0.5) * 2 * DAY_MS);
        ncc.forget();
        return;
      case 'S10':
        this.#changeRoster(choice, measure);
        return;
      case 'S11':
        ncc.mood.hostileLeft = 1 + Math.floor(measure * 4);
        return;
      case 'K3':
        this.#poison(choice, measure);
        return;
      case 'K4':
        mpower.mood.saysError = choice < 0.5 ? 'and takes' : 'and refuses';
        return;
      case 'K5':
        if (choice < 0.4) mpower.mood.recordsMax = 1 + Math.floor(measure * 10);
        return;
      case 'A1':
        if (choice < 0.7) ncc.office.forgetTokens();
        if (choice > 0.3) mpower.office.forgetAll();
        return;
      case 'A2':
        if (choice >= 0.4 && choice < 0.8) ncc.mood.refusesRefresh = true;
        if (choice < 0.6) mpower.mood.refusesRefresh = true;
        return;
      case 'A3':
        if (choice < 0.6) {
          ncc.mood.refusesPassword = true;
          ncc.office.forgetTokens();
        } else {
          mpower.mood.refusesKey = true;
          mpower.office.forgetAll();
        }
        return;
      case 'A5':
        collector.process.die();
        return;
      case 'D1':
        collector.process.stepsToLive = Math.floor(choice * 40);
        return;
      case 'D3':
      case 'D4':
      case 'D4stall':
        world.judge.forgivenUntilMs = Math.max(world.judge.forgivenUntilMs, fault.untilMs + 90_000);
        return;
      case 'D7':
        world.kv.empty();
        return;
      case 'D8':
        if (this.#backup) return;
        this.#backup = {
          file: world.database.backup(),
          states: world.judge.states.backup(),
          atMs: world.bridgeNowMs(),
          fault,
        };
        return;
      case 'C1':
        collector.loseAlarm();
        return;
      case 'C4':
        machine.clockOffsetMs += Math.round((choice - 0.5) * 2 * HOUR_MS);
        world.judge.clockStepped();
        collector.rearm();
        return;
      case 'C4pause':
        machine.pausedUntilMs = Math.max(machine.pausedUntilMs, fault.untilMs);
        return;
      case 'C5':
        if (!world.second && scheduler.nowMs >= world.offUntilMs) world.startSecond();
        return;
      case 'C6':
        void this.#administrator
          .act(fault)
          .catch((error: unknown) => world.verdicts.violation('administration', String(error)));
        return;
      default:
        return;
    }
  }

  #end(fault: Fault, isStillOn: boolean): void {
    const world = this.#world;
    const { ncc, mpower, collector, machine } = world;
    if (fault.kind === 'C4') {
      machine.clockOffsetMs -= Math.round((fault.choice - 0.5) * 2 * HOUR_MS);
      world.judge.clockStepped();
      collector.rearm();
      return;
    }
    if (fault.kind === 'C6') {
      if (fault.choice < 0.2) void this.#administrator.pause(false);
      return;
    }
    if (fault.kind === 'D8' && this.#backup?.fault === fault) {
      this.#restore();
      return;
    }
    if (isStillOn) return;
    switch (fault.kind) {
      case 'S4':
        ncc.mood.failsRosterPage = false;
        ncc.mood.leaveOut = { share: 0, left: 0, salt: 0 };
        return;
      case 'S8':
        ncc.mood.clockOffsetMs = 0;
        ncc.forget();
        return;
      case 'S11':
        ncc.mood.hostileLeft = 0;
        return;
      case 'K3':
        mpower.mood.poison.clear();
        return;
      case 'K4':
        mpower.mood.saysError = 'no';
        return;
      case 'K5':
        mpower.mood.recordsMax = 100_000;
        return;
      case 'A2':
        ncc.mood.refusesRefresh = false;
        mpower.mood.refusesRefresh = false;
        return;
      case 'A3':
        ncc.mood.refusesPassword = false;
        mpower.mood.refusesKey = false;
        return;
      case 'C5':
        this.#endSecond(fault);
        return;
      default:
        return;
    }
  }

  /** One of two hosts goes: the first, as at a deployment, or the second. */
  #endSecond({ choice }: Fault): void {
    const world = this.#world;
    const { second } = world;
    if (!second) return;
    world.second = null;
    if (choice < 0.5) {
      second.process.die();
      return;
    }
    const first = world.collector;
    world.collector = second;
    first.process.die();
  }

  #changeRoster(choice: number, measure: number): void {
    const { ncc, scheduler, judge } = this.#world;
    const { nowMs } = scheduler;
    if (choice < 0.4) judge.reports.placedLate.add(ncc.hire(nowMs, choice < 0.35).index);
    else if (choice < 0.6) {
      const leaver = ncc.employees[Math.floor(measure * ncc.employees.length)];
      if (leaver && ncc.employees.filter(({ leftAtMs }) => leftAtMs > nowMs).length > 5)
        leaver.leftAtMs = Math.min(leaver.leftAtMs, nowMs);
    } else if (choice < 0.75) ncc.openQueue(nowMs);
    else {
      const queue = ncc.queues[Math.floor(measure * ncc.queues.length)];
      if (queue && choice < 0.85) queue.name = `${queue.name}'"<b>`;
      else if (queue && ncc.queues.length > 2) queue.closedAtMs = Math.min(queue.closedAtMs, nowMs);
    }
    ncc.forget();
  }

  #poison(choice: number, measure: number): void {
    const { ncc, mpower } = this.#world;
    const employee = ncc.employees[Math.floor(measure * ncc.employees.length)];
    const queue = ncc.queues[Math.floor(measure * ncc.queues.length)];
    if (!employee || !queue) return;
    const { poison } = mpower.mood;
    if (choice < 0.5) for (const login of [employee.username, `login.${employee.index}`]) poison.add(login);
    else if (choice < 0.7) poison.add(`queue ${queue.id}`);
    else {
      const word = choice < 0.85 ? 'times' : 'activities';
      for (const name of [employee.userId, employee.id, employee.username]) poison.add(`${word} of agent ${name}`);
    }
  }

  /** The file is put back while nobody runs, as the appliance does it. */
  #restore(): void {
    const backup = this.#backup;
    this.#backup = null;
    if (!backup) return;
    const world = this.#world;
    world.second?.process.die();
    world.second = null;
    world.collector.process.die();
    world.database.restore(backup.file);
    world.judge.states.restore(backup.states, world.bridgeNowMs());
    world.judge.reports.murk.push({
      fromMs: backup.atMs - HOUR_MS,
      toMs: Math.max(world.bridgeNowMs(), backup.atMs) + HOUR_MS,
    });
    world.judge.forgivenUntilMs = world.scheduler.nowMs;
  }

  /** The faults are over: somebody has looked after what only people can mend. */
  endAll(): void {
    const world = this.#world;
    world.verdicts.note('the faults are over');
    world.active.clear();
    void this.#administrator.pause(false);
    void this.#administrator.placeAgents();
    if (world.collector.process.alive) void world.collector.loop.askForRoster();
  }
}
