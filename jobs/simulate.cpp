// medpfl simulate: trains a federation, attacks what the server received, records everything.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "attacks/engines/matching_engine.hpp"
#include "attacks/matching/network_priors.hpp"
#include "campaign/case_collector.hpp"
#include "comm/rank_place.hpp"
#include "config/settings.hpp"
#include "core/log.hpp"
#include "core/process.hpp"
#include "federation/evaluation.hpp"
#include "job.hpp"
#include "results/capture/gradient_capture.hpp"
#include "results/folder/room.hpp"
#include "results/folder/run_folder.hpp"
#include "results/resume/client_state_file.hpp"
#include "results/run/run_summary.hpp"
#include "run_estimate.hpp"
#include "run_keeper.hpp"

namespace medpfl {
namespace {

std::string help() {
  return "usage: [mpirun -n RANKS] medpfl simulate [--config FILE] [--section.option=value ...]\n\n"
         "Trains a federation of hospitals, attacks the messages the server received, and writes "
         "the run to run.output.\n\n"
         "flags:\n"
         "  --config FILE     options from an INI file; the command line wins\n"
         "  --print-config    show the resolved configuration as INI and end\n"
         "  --dry-run         show placement, memory and file sizes as they would be, and end\n"
         "  --overwrite       replace a run that is in run.output\n"
         "  --resume          go on with the run in run.output, or start it where there is none\n"
         "  --max-walltime T  stop with a checkpoint before T (HH:MM:SS) has passed\n"
         "  --quiet           warnings and errors only\n\n"
         "SIGUSR1 or SIGTERM: the step in hand is finished, a checkpoint written, exit code 75.\n" +
         describe_sections();
}

class Simulation final : public RoundControl {
 public:
  Simulation(const Communicator& comm, const Config& config, const Settings& settings,
             const JobArguments& arguments, const RankPlace& place)
      : comm_(comm),
        config_(config),
        s_(settings),
        seeds_(settings.seeds),
        place_(place),
        keeper_(comm, config, settings, arguments,
                {[this](ByteWriter* out) { save_shared(out); },
                 [this](ByteWriter* out) { save_server(out); },
                 [this] { return client_states_ == nullptr ? "" : client_states_->name(); }}) {}

  int run() {
    return keeper_.run(place_,
                       {[this] { load(); }, [this](bool resumed) { resumed ? resume() : begin(); },
                        [this] { return finish(); }});
  }

  bool stop_signalled() const override { return medpfl::stop_signalled(); }

  RoundOrder decide(const RoundPlan& plan, bool signalled) override {
    if (signalled) keeper_.note_stop();
    const FarmOrder order = keeper_.order();
    if (order == FarmOrder::kStop) return RoundOrder::kStop;
    const bool due = s_.checkpoint_every > 0 && (plan.round + 1) % s_.checkpoint_every == 0;
    return due || order == FarmOrder::kSave || weights_->full() ? RoundOrder::kCheckpoint
                                                                : RoundOrder::kGoOn;
  }

  bool after_round(const RoundPlan& plan, const RoundRecord& record, RoundOrder order) override {
    keeper_.next_round = plan.round + 1;
    if (comm_.is_root()) {
      keeper_.record.rounds.push_back(record);
      if (privacy_ != nullptr) privacy_->add(plan);
      // Masked integers are no shorter for what a defense left out.
      if (defenses_ != nullptr && !s_.federation.secure_aggregation)
        keeper_.record.rounds.back().bytes -= defenses_->saved_bytes();
      if (s_.weights) weights_->add(federation_state_.global);
    }
    const bool stop = order == RoundOrder::kStop;
    if (stop || order == RoundOrder::kCheckpoint || (capture_ != nullptr && capture_->full()))
      checkpoint(stop ? "interrupted" : "running");
    const bool attacked =
        std::any_of(plan.attacked.begin(), plan.attacked.end(), [](bool a) { return a; });
    return !stop && (!s_.attack.each_round || !attacked || attack());
  }

 private:
  void load() {
    const auto timer = keeper_.timers.measure(Phase::kLoad);
    data_ = load_federated_data(comm_, *s_.dataset, s_.federated_data);
    check_inputs();
    key_secrets();
    comm_.agree([this] {
      model_ = std::make_unique<Model>(make_model(config_, s_, data_.classes()));
      model_->compute_on(place_.compute_device());
      if (!s_.attack.methods.empty())
        keeper_.record.engine = choose_engine(s_.attack.engine, *model_);
      algorithm_ = make_algorithm(config_, s_, *model_, seeds_);
    });
    log_info(fmt::format(
        "{}: {} training and {} test images in {} classes; {} hospitals on {} ranks; "
        "{} with {} parameters",
        s_.dataset_name, data_.train_labels.size(), data_.test_labels.size(), data_.classes(),
        data_.client_count(), comm_.size(), model_->name(), model_->layout().size()));
    warn_of_small_shards();
    announce_files();
    federation_ = std::make_unique<Federation>(Federation{
        comm_, *model_, data_, *algorithm_, s_.defenses, s_.federation, *s_.targets, seeds_});
    if (s_.imprint_bins > 0) {
      malicious_server_ = std::make_unique<MaliciousServer>(comm_, *model_, data_,
                                                            s_.imprint_groups, seeds_.server);
      federation_->malicious_server = malicious_server_.get();
    }
    cases_ = std::make_unique<AttackCases>(model_->layout());
    attacks_ = std::make_unique<AttackQueue>(*model_, s_.attack, cases_.get(), data_.public_mean,
                                             seeds_.server);
    federation_state_.optimizer =
        make_server_optimizer(s_.federation, model_->layout().trainable());
    weights_ = std::make_unique<WeightLog>(s_.output);
    if (comm_.is_root())
      privacy_ = PrivacyLedger::make(s_.federation, *algorithm_, s_.defenses,
                                     model_->layout().size(), seeds_.clients, data_.shard_sizes);
    if (!s_.defenses.empty()) defenses_ = std::make_unique<DefenseLog>(comm_, s_.defenses);
    RunRecord& record = keeper_.record;
    record.model = model_.get();
    record.data = &data_;
    record.attacks = attacks_.get();
    record.weights = weights_.get();
    record.privacy = privacy_.get();
    record.defenses = defenses_.get();
    record.payload_is_gradient = s_.federation.sends_gradients;
    record.learning_rate = s_.federation.learning_rate;
  }

  void check_inputs() {
    InputDigests inputs{data_.digests, "", ""};
    comm_.agree([&] {
      if (comm_.is_root()) inputs.weights = find_weights_digest();
    });
    std::string where = fmt::format("data.dataset={}", s_.dataset_name);
    if (!s_.data.path.empty()) where += fmt::format(", data.path={}", s_.data.path);
    if (!s_.weights_file.empty()) where += fmt::format(", model.weights={}", s_.weights_file);
    keeper_.check_inputs(inputs, where);
  }

  // Over other images or first weights the hospitals have other noise and masks.
  void key_secrets() {
    if (s_.paired_noise) return;
    if (comm_.is_root()) seeds_ = over_inputs(seeds_, to_text(keeper_.record.inputs));
    comm_.broadcast(&seeds_, sizeof seeds_);
  }

  // A run that goes on has its weights, and needs the file no more.
  std::string find_weights_digest() const {
    try {
      return digest_weights(s_);
    } catch (const DataError& error) {
      if (!keeper_.resumed()) throw;
      log_warning(fmt::format("{}; the run goes on with the weights it has", error.what()));
      return "";
    }
  }

  void warn_of_small_shards() const {
    if (s_.targets->probes == 0 || s_.attack.methods.empty()) return;
    const int64_t needed = s_.targets->probes * s_.targets->probe_batch;
    int64_t small = 0;
    for (int64_t h = 0; h < data_.client_count(); ++h)
      if (s_.targets->clients.contains(h) && data_.shard_sizes[static_cast<size_t>(h)] < needed)
        ++small;
    if (small > 0 && comm_.is_root())
      log_warning(
          fmt::format("{} attacked hospitals hold fewer than the {} distinct images that "
                      "attack.probes asks for; they send fewer probes, and none where one batch of "
                      "attack.probe_batch is more than they hold: those are not attacked",
                      small, needed));
  }

  void warn_of_untouched_statistics(const FlatParameters& global) const {
    const ParameterLayout& layout = model_->layout();
    if (layout.trainable() == layout.size() || s_.norm_mode != NormMode::kEval ||
        !untouched_statistics(*model_, global))
      return;
    log_warning(fmt::format(
        "batch normalization of {0} normalizes nothing in this run: its statistics are still 0 and "
        "1, and model.norm_mode=eval leaves them so; a deep network hardly learns. Set "
        "model.norm_mode=train, model.{0}.norm=group, or model.weights to those of a trained one",
        model_->name()));
  }

  // Before anything is written, so that a run that cannot be kept costs no training.
  void announce_files() const {
    comm_.agree([this] {
      if (!comm_.is_root()) return;
      const FileSizes sizes = estimate_files(
          config_, s_, data_, *model_, count_run(s_, data_, *model_, *algorithm_, comm_.size()));
      if (s_.capture.gradients != "none") log_info(describe_capture(sizes.capture, s_.capture));
      check_room(s_.output, room_needs(sizes));
    });
  }

  void begin() {
    FlatParameters& global = federation_state_.global;
    global = FlatParameters(model_->layout());
    comm_.agree([&] {
      if (!comm_.is_root()) return;
      global = make_first_weights(s_, *model_);
      warn_of_untouched_statistics(global);
      prepare_output_folder(s_.output);
    });
    comm_.broadcast(&global);
    open_capture();
    open_client_states();
    if (malicious_server_ != nullptr) malicious_server_->tamper(&global);
    keeper_.record.initial = evaluate_global(comm_, *model_, global, data_);
    if (s_.weights && comm_.is_root()) weights_->add(global);
    checkpoint("running");
  }

  void open_capture() {
    if (s_.capture.gradients == "none") return;
    capture_ =
        std::make_unique<GradientCapture>(*federation_, s_.output, s_.capture, &keeper_.timers);
    keeper_.record.capture = capture_.get();
  }

  void open_client_states() {
    const int64_t size = s_.defenses.state_size(model_->layout().size());
    if (size == 0) return;
    constexpr int64_t kMiB = int64_t{1} << 20;
    federation_state_.clients =
        std::make_unique<RowStore>(size, s_.federation.state_memory * kMiB, s_.output + "/states");
    client_states_ =
        std::make_unique<ClientStateFile>(comm_, s_.output, federation_state_.clients.get());
  }

  void save_shared(ByteWriter* out) const {
    const FlatParameters& global = federation_state_.global;
    out->value(keeper_.next_round);
    out->array(global.data(), global.size());
    if (capture_ != nullptr) capture_->save(out);
  }

  void save_server(ByteWriter* out) const {
    const RunRecord& record = keeper_.record;
    out->value(record.created);
    out->value(record.resumes);
    out->value(record.initial);
    out->array(record.rounds);
    weights_->save(out);
    if (defenses_ != nullptr) defenses_->save(out);
    cases_->save(out);
    attacks_->save(out);
    federation_state_.optimizer->save(out);
  }

  void resume() {
    open_capture();
    open_client_states();
    ByteReader shared(keeper_.shared_state());
    keeper_.next_round = shared.value<int64_t>();
    FlatParameters& global = federation_state_.global;
    global = FlatParameters(model_->layout());
    shared.array_into(global.data(), global.size());
    if (capture_ != nullptr) capture_->restore(&shared);
    if (comm_.is_root()) {
      ByteReader server(keeper_.server_state());
      RunRecord& record = keeper_.record;
      record.created = server.value<long long>();
      record.resumes = server.value<int64_t>() + 1;
      record.initial = server.value<Utility>();
      record.rounds = server.array<RoundRecord>();
      weights_->restore(&server);
      if (defenses_ != nullptr) defenses_->restore(&server);
      cases_->restore(&server);
      attacks_->restore(&server);
      federation_state_.optimizer->restore(&server);
      for (int64_t r = 0; privacy_ != nullptr && r < keeper_.next_round; ++r)
        privacy_->add(plan_round(r, data_.shard_sizes, s_.federation.sampling,
                                 s_.federation.dropout, seeds_, *s_.targets));
    }
    if (client_states_ != nullptr) {
      std::vector<int64_t> own;
      for (const Client& client : data_.clients) own.push_back(client.id);
      client_states_->restore(keeper_.client_states(), keeper_.next_round, own);
    }
    // run.h5 may show more than the checkpoint knows; it must let go of files before they go.
    checkpoint("running");
    comm_.agree([this] {
      if (!comm_.is_root()) return;
      weights_->remove_unknown();
      if (capture_ != nullptr) capture_->remove_unknown();
      if (client_states_ != nullptr) client_states_->remove_unknown();
    });
  }

  bool finish() {
    CaseCollector collector(comm_, data_, s_.federation, s_.attack.sums, cases_.get());
    std::vector<RoundObserver*> observers;
    if (capture_ != nullptr) observers.push_back(capture_.get());
    if (defenses_ != nullptr) observers.push_back(defenses_.get());
    if (!s_.attack.methods.empty()) observers.push_back(&collector);
    const bool attack_first = s_.attack.each_round && keeper_.next_round > 0;
    if (attack_first && !attack()) return false;
    if (!run_rounds(*federation_, keeper_.next_round, &federation_state_, observers, this,
                    &keeper_.timers))
      return false;
    if (!attack()) return false;
    if (capture_ != nullptr) capture_->finish();
    keeper_.write("complete");
    return true;
  }

  bool attack() {
    if (s_.attack.methods.empty()) return true;
    // While tasks run rank 0 writes alone, so what the ranks write together must be closed.
    cut();
    return keeper_.attack(attacks_.get());
  }

  void checkpoint(const std::string& status) {
    cut();
    keeper_.write(status);
  }

  // What the ranks write together, for the checkpoint that rank 0 writes next.
  void cut() {
    if (capture_ != nullptr) capture_->cut();
    if (client_states_ != nullptr) client_states_->cut(keeper_.next_round);
  }

  const Communicator& comm_;
  const Config& config_;
  const Settings& s_;
  RunSeeds seeds_;
  const RankPlace& place_;
  RunKeeper keeper_;
  FederatedData data_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<Algorithm> algorithm_;
  std::unique_ptr<Federation> federation_;
  std::unique_ptr<MaliciousServer> malicious_server_;  // null: it sends what it should
  std::unique_ptr<AttackCases> cases_;
  std::unique_ptr<AttackQueue> attacks_;
  std::unique_ptr<WeightLog> weights_;
  std::unique_ptr<PrivacyLedger> privacy_;  // null: no epsilon is claimed
  std::unique_ptr<DefenseLog> defenses_;    // null: no defenses
  std::unique_ptr<GradientCapture> capture_;
  std::unique_ptr<ClientStateFile> client_states_;
  FederationState federation_state_;
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
    if (comm.is_root())
      check_output_folder(settings.output, arguments.overwrite || arguments.resume);
  });
  const RankPlace place = find_place(comm, settings.threads, settings.device);
  prepare_process(place.threads);
  if (arguments.dry_run) return dry_run(comm, config, settings, place);
  const int code = simulate(comm, config, settings, arguments, place);
  if (comm.is_root()) show_end(code, settings.output);
  return code;
}

}  // namespace

int simulate(const Communicator& comm, const Config& config, const Settings& settings,
             const JobArguments& arguments, const RankPlace& place) {
  return Simulation(comm, config, settings, arguments, place).run();
}

const Job kSimulateJob = {
    "simulate", "trains a federation, attacks it, records everything", help, run, nullptr, true};

}  // namespace medpfl
