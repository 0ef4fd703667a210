#include "campaign/attack_queue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "campaign/halving.hpp"
#include "campaign/knowledge.hpp"
#include "campaign/scoring.hpp"
#include "campaign/task_budget.hpp"
#include "core/log.hpp"

namespace medpfl {
namespace {

// "probe 0 of hospital 2, round 4"
std::string message_of(const Observation& seen) {
  const std::string kind = seen.probe < 0 ? "update" : fmt::format("probe {}", seen.probe);
  return seen.client == Observation::kSum
             ? fmt::format("the sum of round {}", seen.round)
             : fmt::format("{} of hospital {}, round {}", kind, seen.client, seen.round);
}

}  // namespace

AttackQueue::AttackQueue(const Model& model, const AttackPlan& plan, AttackCases* cases,
                         const at::Tensor& public_mean, uint64_t seed)
    : model_(model), plan_(plan), cases_(cases), public_mean_(public_mean), seed_(seed) {}

const AttackPlan::Method& AttackQueue::method(const AttackTask& task) const {
  return plan_.methods[static_cast<size_t>(task.method)];
}

std::string AttackQueue::knowledge(const AttackTask& task) const {
  const Observation& seen = attack_case(task).observation;
  const AttackPlan::Method& method = this->method(task);
  const std::string adapted =
      method.adaptation.empty() ? "" : fmt::format("adapted by {}; ", method.adaptation);
  return what_was_known(method.attack->facts(), seen, model_, cases_->weights(seen.round),
                        adapted + plan_.public_knowledge);
}

void AttackQueue::warn(const std::vector<AttackWarning>& warnings) {
  for (const AttackWarning& one : warnings)
    if (warned_.insert(one.topic).second) log_warning(one.text);
}

void AttackQueue::queue_cases(int64_t end) {
  for (; queued_cases_ < end; ++queued_cases_) {
    const Observation& seen = (*cases_)[queued_cases_].observation;
    cases_->score_without_attack(queued_cases_, public_mean_);
    for (size_t m = 0; m < plan_.methods.size(); ++m) {
      const AttackPlan::Method& method = plan_.methods[m];
      if (!method.kinds.contains(seen.probe)) continue;
      warn(warnings_before(method.name, method.attack->facts(), model_, seen.round,
                           cases_->weights(seen.round)));
      for (int64_t restart = 0; restart < plan_.restarts; ++restart) {
        AttackTask task;
        task.attack_case = queued_cases_;
        task.method = static_cast<int64_t>(m);
        task.restart = restart;
        tasks_.push_back(std::move(task));
      }
    }
  }
}

int64_t AttackQueue::rungs() const { return plan_.halving ? rungs_of(plan_.restarts) : 1; }

AttackWork AttackQueue::work_of_open(int64_t workers) const {
  AttackWork work(workers);
  const auto restarts = static_cast<size_t>(plan_.restarts);
  for (size_t i = 0; i < tasks_.size(); ++i) {
    const AttackTask& task = tasks_[i];
    const AttackFacts facts = method(task).attack->facts();
    if (i % restarts == 0)
      work.add_group(evaluations_of_restarts(plan_, facts), attack_case(task).observation.batch);
    if (task.finished) work.close(i / restarts, i % restarts);
    if (!task.state.empty()) work.resume(i / restarts, i % restarts);
  }
  return work;
}

void AttackQueue::hear(size_t i, double spent) {
  const auto restarts = static_cast<size_t>(plan_.restarts);
  work_.hear(i / restarts, i % restarts, spent);
}

bool AttackQueue::run(const Communicator& comm, JobControl* control) {
  queue_cases(cases_->size());
  auto tasks = static_cast<int64_t>(tasks_.size());
  comm.broadcast(&tasks, sizeof tasks);
  const int64_t before = finished_;
  const int64_t workers = plan_.all_ranks ? comm.size() : 1;
  work_ = work_of_open(workers);
  if (const int64_t evaluations = work_.evaluations_left(); evaluations > 0)
    log_info(fmt::format("{} attack tasks may spend {} evaluations at most", tasks - before,
                         evaluations));
  Progress progress("attack", tasks - before, control,
                    [&](double elapsed) { return work_.seconds_left(elapsed); });
  const auto show = [&](const std::string& detail, const std::string& task) {
    progress.update(finished_ - before, detail,
                    task + (task.empty() || best_.empty() ? "" : "; ") + best_);
  };
  // Paused restarts hold their optimizers, so only some groups climb at a time.
  const int64_t at_once = plan_.halving ? workers * plan_.restarts : std::max<int64_t>(1, tasks);
  for (int64_t first = 0; first < tasks; first += at_once) {
    const int64_t end = std::min(first + at_once, tasks);
    for (int64_t rung = 0; rung < rungs(); ++rung) {
      if (!climb(comm, control, first, end, rung, show)) return false;
      if (!comm.is_root() || rung + 1 == rungs()) continue;
      for (int64_t group = first; group < end; group += plan_.restarts)
        drop_weak(static_cast<size_t>(group), rung);
    }
  }
  return true;
}

bool AttackQueue::climb(const Communicator& comm, JobControl* control, int64_t first, int64_t end,
                        int64_t rung, const Show& show) {
  const auto task = [&](int64_t i) -> AttackTask& {
    return tasks_[static_cast<size_t>(first + i)];
  };
  double spent = 0;  // share, of the task that this rank executes
  TaskFarm farm;
  farm.tasks = comm.is_root() ? end - first : 0;
  farm.all_ranks = plan_.all_ranks;
  farm.open = [&](int64_t i) { return !task(i).finished && task(i).rung == rung; };
  farm.describe = [&](int64_t i) { return to_bytes(describe(task(i), rung)); };
  farm.execute = [&](const std::string& described,
                     const FarmTick& tick) -> std::optional<std::string> {
    const TaskDescription given = read_description(described, model_.layout());
    const AttackPlan::Method& method = plan_.methods[static_cast<size_t>(given.method)];
    const AttackFacts facts = method.attack->facts();
    const std::string name = fmt::format("{} on {}", method.name, message_of(given.observation));
    const auto go_on = [&](const AttackProgress& at) {
      spent = share_spent(plan_, facts, at.iteration, at.evaluations);
      show(fmt::format("iteration {}, objective {:.2e}", at.iteration, at.objective), name);
      return tick(at.save);
    };
    const auto outcome = run_task(model_, plan_, seed_, given, go_on);
    if (!outcome) return std::nullopt;
    return to_bytes(*outcome);
  };
  farm.accept = [&](int64_t i, const std::string& result) {
    accept(static_cast<size_t>(first + i), read_outcome(result));
    show("", "");
  };
  farm.keep = [&](int64_t i, const std::string& state) { task(i).state = state; };
  farm.progress = [&] { return spent; };
  farm.hear = [&](int64_t i, double progress) { hear(static_cast<size_t>(first + i), progress); };
  return run_tasks(comm, farm, control);
}

TaskDescription AttackQueue::describe(const AttackTask& task, int64_t rung) const {
  const AttackCase& one = attack_case(task);
  const AttackFacts facts = method(task).attack->facts();
  TaskDescription out;
  out.method = task.method;
  out.restart = task.restart;
  out.pause = pause_of(facts.iterations, rung, rungs());
  out.state = task.state;
  out.observation = one.observation;
  out.observation.weights = cases_->weights(one.observation.round);
  if (facts.labels == LabelRule::kKnown) out.observation.known_labels = one.truth.labels;
  if (facts.public_mean) out.observation.public_mean = public_mean_;
  return out;
}

void AttackQueue::accept(size_t i, TaskOutcome outcome) {
  AttackTask& task = tasks_[i];
  task.state = std::move(outcome.paused);
  const int64_t before = task.result.memory_growth;  // on an earlier rung
  task.result = std::move(outcome.reconstruction);
  task.result.memory_growth = std::max(before, task.result.memory_growth);
  hear(i, share_spent(plan_, method(task).attack->facts(), task.result.iterations,
                      task.result.evaluations));
  if (task.state.empty())
    finish(i);
  else
    ++task.rung;
}

void AttackQueue::finish(size_t i) {
  AttackTask& task = tasks_[i];
  task.finished = true;
  ++finished_;
  task.state.clear();
  work_.close(i / static_cast<size_t>(plan_.restarts), i % static_cast<size_t>(plan_.restarts));
  const AttackCase& one = attack_case(task);
  warn(warnings_after(method(task).name, one.observation.round, task.result.status));
  score_task(one, cases_->candidates(one.observation), public_mean_, &task);
  note_best(task);
  choose(i - static_cast<size_t>(task.restart));
  release_done(task.attack_case);
}

void AttackQueue::note_best(const AttackTask& task) {
  for (const ImageScore& score : task.scores) {
    if (!(score.psnr > best_psnr_)) continue;
    best_psnr_ = score.psnr;
    best_ = fmt::format("best so far PSNR {:.1f} dB by {} on {}", score.psnr, method(task).name,
                        message_of(attack_case(task).observation));
  }
}

void AttackQueue::release_done(int64_t attack_case) {
  const auto before = [](const AttackTask& a, const AttackTask& b) {
    return a.attack_case < b.attack_case;
  };
  AttackTask of_case;
  of_case.attack_case = attack_case;
  const auto [first, end] = std::equal_range(tasks_.begin(), tasks_.end(), of_case, before);
  if (std::all_of(first, end, [](const AttackTask& t) { return t.finished; }))
    cases_->release(attack_case);
}

std::vector<Standing> AttackQueue::standings(size_t first) const {
  std::vector<Standing> out;
  for (size_t i = first; i < first + static_cast<size_t>(plan_.restarts); ++i)
    out.push_back(standing_of(tasks_[i]));
  return out;
}

// Doing it twice changes nothing.
void AttackQueue::drop_weak(size_t first, int64_t rung) {
  for (const size_t weak : weak_restarts(standings(first), rung)) {
    drop(&tasks_[first + weak]);
    finish(first + weak);
  }
}

void AttackQueue::choose(size_t first) {
  const std::optional<size_t> chosen = chosen_restart(standings(first));
  for (size_t i = 0; i < static_cast<size_t>(plan_.restarts); ++i)
    tasks_[first + i].chosen = chosen == i;
}

std::vector<const AttackTask*> AttackQueue::finished() const {
  std::vector<const AttackTask*> out;
  for (const AttackTask& task : tasks_)
    if (task.finished) out.push_back(&task);
  return out;
}

void AttackQueue::keep(Archive& a) {
  a.version(3);
  a("cases", &queued_cases_);
  a.table("tasks", &tasks_);
  if (a.reading()) take_over(a);
  std::vector<int64_t> begun;
  for (size_t i = 0; i < tasks_.size(); ++i)
    if (tasks_[i].begun()) begun.push_back(static_cast<int64_t>(i));
  a.each("begun", &begun, [this](Archive& b, int64_t* i) {
    b("task", i);
    if (*i < 0 || *i >= static_cast<int64_t>(tasks_.size())) b.refuse("is of no task");
    tasks_[static_cast<size_t>(*i)].keep_result(b);
  });
}

// What was read must be of these cases and methods. What is known besides follows from it.
void AttackQueue::take_over(Archive& a) {
  std::vector<AttackTask> read = std::exchange(tasks_, {});
  const int64_t cases = std::exchange(queued_cases_, 0);
  queue_cases(std::min(cases, cases_->size()));
  const bool fits = cases == queued_cases_ &&
                    std::equal(read.begin(), read.end(), tasks_.begin(), tasks_.end(),
                               [](const AttackTask& one, const AttackTask& other) {
                                 return one.attack_case == other.attack_case &&
                                        one.method == other.method && one.restart == other.restart;
                               });
  if (!fits) a.refuse("has tasks of other cases, methods or restarts");
  tasks_ = std::move(read);
  finished_ = std::count_if(tasks_.begin(), tasks_.end(),
                            [](const AttackTask& task) { return task.finished; });
}

}  // namespace medpfl
