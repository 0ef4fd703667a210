// medpfl simulate: trains a federation, attacks what the server received, records everything.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <memory>

#include "comm/session.hpp"
#include "config/settings.hpp"
#include "core/bytes.hpp"
#include "core/log.hpp"
#include "core/process.hpp"
#include "core/timers.hpp"
#include "federation/attack_cases.hpp"
#include "federation/evaluation.hpp"
#include "job.hpp"
#include "results/capture_estimate.hpp"
#include "results/durable_file.hpp"
#include "results/gradient_capture.hpp"
#include "results/run_record.hpp"
#include "results/run_summary.hpp"

namespace medpfl {
namespace {

std::string help() {
  return "usage: [mpirun -n RANKS] medpfl simulate [--config FILE] [--section.option=value ...]\n\n"
         "Trains a federation of hospitals, attacks the messages the server received, and writes "
         "the "
         "run to run.output.\n\n"
         "flags:\n"
         "  --config FILE     options from an INI file; the command line wins\n"
         "  --print-config    show the resolved configuration as INI and end\n"
         "  --overwrite       replace a run that is in run.output\n"
         "  --quiet           warnings and errors only\n" +
         describe_sections();
}

ConfigRecord record_config(const Config& config) {
  ConfigRecord record;
  record.resolved = config.to_ini(false);
  for (const auto& [option, entry] : config.entries()) {
    record.option.push_back(option);
    record.value.push_back(entry.value);
    record.source.push_back(entry.source);
  }
  return record;
}

RankRecord gather_ranks(const Communicator& comm, int threads, const PhaseTimers& timers) {
  ByteWriter out;
  out.text(host_name());
  out.value(static_cast<int64_t>(threads));
  out.value(peak_memory_bytes());
  out.value(timers.seconds());
  RankRecord record;
  for (const std::string& bytes : comm.gather(out.take())) {
    ByteReader in(bytes);
    record.host.push_back(in.text());
    record.threads.push_back(in.value<int64_t>());
    record.peak_memory.push_back(in.value<int64_t>());
    record.seconds.push_back(in.value<std::array<double, kPhases>>());
  }
  return record;
}

class Simulation final : public RoundObserver {
 public:
  Simulation(const Communicator& comm, const Config& config, const Settings& settings)
      : comm_(comm), config_(config), s_(settings) {}

  void run() {
    load();
    FlatParameters global = initial_weights(*model_, s_.init, s_.seed);
    const Federation federation{comm_,       *model_,       data_,       *aggregator_,
                                s_.defenses, s_.federation, *s_.targets, s_.seed};
    AttackCases cases(comm_, data_, s_.federation.learning_rate);
    cases_ = &cases;
    start_record();
    comm_.agree([this] {
      if (comm_.is_root()) prepare_output_folder(s_.output);
    });
    std::unique_ptr<GradientCapture> capture;
    std::vector<RoundObserver*> observers;
    if (s_.capture.gradients != "none") {
      capture = std::make_unique<GradientCapture>(federation, s_.output, s_.capture, &timers_);
      capture_ = capture.get();
      record_.capture = capture_;
      observers.push_back(capture.get());
    }
    if (!s_.attack.methods.empty()) observers.push_back(&cases);
    observers.push_back(this);
    record_.initial = evaluate_global(comm_, *model_, global, data_);
    if (s_.weights && comm_.is_root()) record_.weights.push_back(global);
    publish("running");
    run_rounds(federation, &global, observers, &timers_);
    attack();
    if (capture_ != nullptr) capture_->finish();
    publish("complete");
  }

  void on_messages(const RoundPlan&, const FlatParameters&, const std::vector<Message>&) override {}

  void on_round_end(const RoundPlan&, const RoundRecord& record,
                    const FlatParameters& global) override {
    if (comm_.is_root()) {
      record_.rounds.push_back(record);
      if (s_.weights) record_.weights.push_back(global);
    }
    if (capture_ != nullptr && capture_->full()) {
      capture_->cut();
      publish("running");
    }
    if (s_.attack.each_round) attack();
  }

 private:
  void load() {
    const auto timer = timers_.measure(Phase::kLoad);
    data_ = load_federated_data(comm_, *s_.dataset, s_.federated_data);
    comm_.agree([this] {
      model_ = std::make_unique<Model>(make_model(config_, s_, data_.classes()));
      aggregator_ = make_aggregator(config_, s_, *model_);
    });
    log_info(fmt::format(
        "{}: {} training and {} test images in {} classes; {} hospitals on {} ranks; "
        "{} with {} parameters",
        s_.dataset_name, data_.train_labels.size(), data_.test_labels.size(), data_.classes(),
        data_.hospital_count(), comm_.size(), model_->name(), model_->layout().size()));
    warn_of_small_shards();
    announce_capture();
  }

  // Before anything is written, so that a run that cannot be kept costs no training.
  void announce_capture() const {
    if (s_.capture.gradients == "none") return;
    comm_.agree([this] {
      if (!comm_.is_root()) return;
      const CaptureEstimate estimate = estimate_capture(s_.capture, *model_, data_.shard_sizes,
                                                        s_.federation, *s_.targets, s_.seed);
      log_info(describe_capture(estimate, s_.capture));
      check_room_for_capture(estimate, s_.output);
    });
  }

  void warn_of_small_shards() const {
    if (s_.targets->probes == 0 || s_.attack.methods.empty()) return;
    const int64_t needed = s_.targets->probes * s_.targets->probe_batch;
    int64_t small = 0;
    for (int64_t h = 0; h < data_.hospital_count(); ++h)
      if (s_.targets->clients.contains(h) && data_.shard_sizes[static_cast<size_t>(h)] < needed)
        ++small;
    if (small > 0 && comm_.is_root())
      log_warning(
          fmt::format("{} attacked hospitals hold fewer than the {} distinct images that "
                      "attack.probes asks for; they send fewer probes, and none where one batch of "
                      "attack.probe_batch is more than they hold: those are not attacked",
                      small, needed));
  }

  void start_record() {
    record_.dataset = s_.dataset_name;
    record_.created = static_cast<long long>(std::time(nullptr));
    record_.config = record_config(config_);
    record_.model = model_.get();
    record_.data = &data_;
    record_.snapshot_iterations = s_.snapshots;
    record_.payload_is_gradient = s_.federation.algorithm == "fedsgd";
    record_.learning_rate = s_.federation.learning_rate;
  }

  void attack() {
    if (s_.attack.methods.empty()) return;
    const auto timer = timers_.measure(Phase::kAttack);
    const std::vector<AttackCase> cases = cases_->take();
    std::vector<AttackTask> tasks =
        run_attacks(comm_, *model_, s_.attack, *cases_, cases, data_.prior, s_.seed);
    std::move(tasks.begin(), tasks.end(), std::back_inserter(record_.tasks));
  }

  void publish(const std::string& status) {
    record_.ranks = gather_ranks(comm_, s_.threads, timers_);
    const auto timer = timers_.measure(Phase::kWrite);
    record_.status = status;
    comm_.agree([this] {
      if (comm_.is_root()) write_run(s_.output, record_);
    });
  }

  const Communicator& comm_;
  const Config& config_;
  const Settings& s_;
  PhaseTimers timers_;
  FederatedData data_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<Aggregator> aggregator_;
  AttackCases* cases_ = nullptr;
  GradientCapture* capture_ = nullptr;
  RunRecord record_;
};

int run(const Communicator& comm, const JobArguments& arguments) {
  const Config config = read_config(comm, arguments);
  if (arguments.print_config) {
    if (comm.is_root()) fmt::print("{}", config.to_ini(true));
    return 0;
  }
  Settings settings;
  comm.agree([&] {
    settings = make_settings(config);
    if (comm.is_root()) check_output_folder(settings.output, arguments.overwrite);
  });
  prepare_process(settings.threads);
  Simulation(comm, config, settings).run();
  if (comm.is_root())
    fmt::print("{}\nresults: {}/run.h5\n", summarize_run(settings.output), settings.output);
  return 0;
}

}  // namespace

const Job kSimulateJob = {"simulate", "trains a federation, attacks it, records everything", help,
                          run, nullptr};

}  // namespace medpfl
