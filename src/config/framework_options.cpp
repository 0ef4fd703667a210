#include "config/framework_options.hpp"

#include "attacks/attack.hpp"
#include "attacks/labels.hpp"
#include "defenses/defense.hpp"

namespace medpfl {
namespace {

using Federation = FederationSettings;

// Hospitals, rounds and passes: the plans of many more would take all of the memory.
constexpr double kMost = 1e6;

std::vector<std::string> with_auto(std::vector<std::string> words) {
  words.insert(words.begin(), "auto");
  return words;
}

OptionTable<Settings> run_options() {
  using O = Option<Settings>;
  return {{"name", &Settings::name, "name of the run"},
          O{"seed", &Settings::written, &AsWritten::seed,
            "root of all randomness, the experimenter's; server and hospitals get "
            "seeds drawn from it one-way"}
              .at_least(0),
          {"output", &Settings::output, "folder of the results"},
          {"device", &Settings::device,
           "where tensors are computed; auto: on a GPU where there is one"},
          O{"threads", &Settings::threads,
            "compute threads of a rank; 1 keeps results the same for any "
            "number of ranks; auto: what the allocation gives a rank"}
              .at_least(1)
              .or_word("auto", "0")};
}

OptionTable<Settings> data_options() {
  using O = Option<Settings>;
  return {
      O{"dataset", &Settings::dataset_name, "kind of data set"}.one_of(datasets().names()),
      {"path", &Settings::data, &DataRequest::path, "file or folder of the data set"},
      O{"image_size", &Settings::data, &DataRequest::image_size,
        "images are resized to this many pixels a side"}
          .between(8, 1024),
      O{"channels", &Settings::data, &DataRequest::channels, "1: gray, 3: RGB"}.between(1, 3),
      O{"limit", &Settings::federated_data, &FederatedDataOptions::limit,
        "training images used; 0: all"}
          .at_least(0),
      {"test_split", &Settings::data, &DataRequest::test_split,
       "split of the data set that has the test images; val: where there is no test split, or it "
       "has no labels"},
      O{"holdout", &Settings::federated_data, &FederatedDataOptions::holdout,
        "share of the training images of each class, drawn by run.seed, that are the test images; "
        "0: data.test_split has them"}
          .between(0, 0.9),
      {"on_error", &Settings::federated_data, &FederatedDataOptions::on_error,
       "what to do where a file cannot be read as an image: stop, or skip it and count it, which "
       "reads each file twice"},
      O{"public", &Settings::federated_data, &FederatedDataOptions::public_share,
        "share of the test images of each class that are public, for the mean public image "
        "and for rehearsals, and in no evaluation; 0: all test images are both"}
          .between(0, 0.95),
      {"public_path", &Settings::data, &DataRequest::public_path,
       "public images of their own in place of data.public: path/CLASS/IMAGE, or what data.path "
       "may be, all of whose images are then public"},
      {"hospitals", &Settings::federated_data, &FederatedDataOptions::holdings,
       "whose images the hospitals hold; public: the public ones, as an attacker rehearses"},
      {"window", &Settings::written, &AsWritten::window,
       "levels of the files that become black and white, as 0,4095, which leaves more than 8 "
       "bits; auto: all levels of the type (8 or 16 bits, or 0 to 1)"}};
}

OptionTable<Settings> model_options() {
  using O = Option<Settings>;
  return {
      O{"name", &Settings::model_name, "architecture"}.one_of(models().names()),
      {"activation", &Settings::activation, "auto: the architecture's own"},
      {"init", &Settings::init, &Initialization::kind, "how first weights are drawn"},
      O{"init_scale", &Settings::init, &Initialization::scale,
        "of first weights; uniform: half the width, normal: the standard deviation"}
          .above(0),
      O{"classes", &Settings::classes, "number of classes; 0: that of the data set"}.at_least(0),
      {"norm_mode", &Settings::norm_mode,
       "what batch normalization uses in training: the stored statistics, which stay, "
       "or those of the batch"},
      {"normalize", &Settings::written, &AsWritten::normalize,
       "what the network sees of pixels in [0, 1]: none, imagenet, or numbers: means, "
       "then deviations, of all or of each channel"},
      {"weights", &Settings::weights_file,
       "the first weights: a file of torch.save, torch.jit.save or safetensors, or a run that "
       "recorded its weights; empty: drawn as init says"},
      O{"weights_round", &Settings::weights_round,
        "with a run in model.weights: those before this round, from 0; -1: those at its end"}
          .at_least(-1),
      {"new_head", &Settings::new_head,
       "with model.weights: the last dense layer is drawn anew, as for other classes"},
      O{"imprint_bins", &Settings::imprint_bins,
        "rows of the block a malicious server puts in front; 0: none"}
          .at_least(0),
      O{"imprint_groups", &Settings::imprint_groups,
        "functionals of the image that share the rows; 1: as published"}
          .at_least(1)};
}

OptionTable<PartitionOptions> partition_options() {
  using O = Option<PartitionOptions>;
  return {{"partition", &PartitionOptions::kind, "how images are dealt to hospitals"},
          O{"alpha", &PartitionOptions::alpha,
            "concentration of the dirichlet partition; small: uneven"}
              .above(0),
          O{"shards_per_client", &PartitionOptions::shards_per_client,
            "pieces a hospital gets under label-shards"}
              .at_least(1)};
}

OptionTable<Federation> participation_options() {
  using O = Option<Federation>;
  return {
      O{"algorithm", &Federation::algorithm, "federated algorithm"}.one_of(algorithms().names()),
      O{"clients", &Federation::clients, "hospitals"}.between(1, kMost),
      O{"rounds", &Federation::rounds, "communication rounds"}.between(1, kMost),
      O{"sampling", &Federation::sampling, "share of hospitals that take part in a round"}
          .above(0)
          .between(0, 1)};
}

OptionTable<Federation> training_options() {
  using O = Option<Federation>;
  return {
      O{"local_epochs", &Federation::local_epochs,
        "passes over the shard in a round, for algorithms of several steps"}
          .between(1, kMost),
      O{"batch_size", &Federation::batch_size, "images of a local step; 0: the whole shard"}
          .at_least(0),
      O{"learning_rate", &Federation::learning_rate, "learning rate of the hospitals' SGD"}.above(
          0),
      O{"server_learning_rate", &Federation::server_learning_rate, "factor of the server's step"}
          .above(0),
      {"server_optimizer", &Federation::server_optimizer,
       "what the server does with the mean update"},
      O{"server_momentum", &Federation::server_momentum,
        "decay of momentum, and of the first moment of adam and yogi"}
          .between(0, 0.9999),
      O{"server_beta2", &Federation::server_beta2, "decay of the second moment of adam and yogi"}
          .between(0, 0.9999),
      O{"server_tau", &Federation::server_tau,
        "adam and yogi: steps shrink where changes are below this"}
          .above(0),
      O{"state_memory", &Federation::state_memory,
        "MiB of hospitals' states (error feedback) a rank keeps in memory; more goes "
        "to a scratch file in run.output"}
          .at_least(0),
      {"dedicated_server", &Federation::dedicated_server, "rank 0 hosts no hospitals"},
      O{"evaluate_every", &Federation::evaluate_every,
        "rounds between evaluations; 0: only at the end"}
          .at_least(0),
      {"sum", &Federation::sum,
       "how updates are added up; fast: float32, whose last bits change with the "
       "number of ranks"},
      O{"dropout", &Federation::dropout,
        "probability that a hospital takes part in a round but its update does not "
        "arrive"}
          .between(0, 1),
      {"secure_aggregation", &Federation::secure_aggregation,
       "updates are masked, and the server can read their sum alone"},
      O{"secure_threshold", &Federation::secure_threshold,
        "more than this share of a round's hospitals must arrive for their sum to be "
        "unmasked; as many together could unmask one"}
          .between(0, 1)};
}

OptionTable<Settings> federation_options() {
  OptionTable<FederatedDataOptions> dealt;
  dealt.add(&FederatedDataOptions::partition, partition_options());
  OptionTable<Settings> all;
  return all.add(&Settings::federation, participation_options())
      .add(&Settings::federated_data, dealt)
      .add(&Settings::federation, training_options());
}

OptionTable<Settings> defense_options() {
  using O = Option<Settings>;
  return {O{"chain", &Settings::written, &AsWritten::chain,
            "defenses in order, comma-separated: clip,gaussian"}
              .some_of(defenses().names()),
          O{"delta", &Settings::federation, &Federation::delta,
            "for which the epsilon of clipped and noised updates is reported; a defense that acts "
            "in local steps has its own"}
              .above(0)
              .between(0, 0.5),
          O{"noise", &Settings::paired_noise,
            "noise and masks of runs of one run.seed; independent: others in each "
            "configuration; paired: the same, for comparisons, no secret then"}
              .named("independent", "paired")};
}

OptionTable<Settings> attack_options() {
  using O = Option<Settings>;
  return {
      O{"method", &Settings::written, &AsWritten::methods, "attacks, comma-separated; empty: none"}
          .some_of(attacks().names()),
      O{"adapt", &Settings::written, &AsWritten::adapt,
        "auto: options of an attack that nobody set follow from defense.chain, as an attacker "
        "chooses them who knows it; off: they are the attack's own"}
          .named("off", "auto"),
      {"rounds", &Settings::written, &AsWritten::attacked_rounds,
       "rounds attacked: all, none, last, or 0,2,5-9"},
      {"clients", &Settings::written, &AsWritten::attacked_clients,
       "hospitals attacked: all, none, last, or 0,2,5-9"},
      O{"probes", &Settings::written, &AsWritten::probes,
        "gradients of distinct batches that each attacked hospital sends besides its update"}
          .at_least(0),
      O{"probe_batch", &Settings::written, &AsWritten::probe_batch, "images of a probe"}.at_least(
          1),
      O{"targets", &Settings::written, &AsWritten::targets,
        "messages that are attacked: updates,probes; auto: those of the two that are sent and that "
        "the attack can read"}
          .some_of({"auto", "updates", "probes"}),
      O{"labels", &Settings::attack_request, &AttackRequest::labels,
        "how labels are found; auto: the attack's own"}
          .one_of(with_auto(label_rule_names())),
      O{"iterations", &Settings::attack_request, &AttackRequest::iterations,
        "outer iterations; 0: the attack's own"}
          .at_least(0),
      O{"restarts", &Settings::attack, &AttackPlan::restarts,
        "starts of each attack; the least matching loss is kept"}
          .between(1, 1000),
      {"halving", &Settings::attack, &AttackPlan::halving,
       "drop the weaker half of the restarts again and again on the way "
       "(successive halving)"},
      O{"max_evaluations", &Settings::attack, &AttackPlan::max_evaluations,
        "evaluations of an attack task at most; 0: any"}
          .at_least(0),
      O{"max_seconds", &Settings::attack, &AttackPlan::max_seconds,
        "seconds of an attack task at most, 0: any; results then depend on speed"}
          .at_least(0),
      {"engine", &Settings::attack_request, &AttackRequest::engine,
       "how the gradient of a matching objective is computed; auto: native where "
       "it applies, else exact"},
      {"threat", &Settings::attack, &AttackPlan::threat,
       "what the server may do; malicious-server: change the model it sends"},
      O{"sees", &Settings::attack, &AttackPlan::sums,
        "what is attacked; sum: only the mean of all updates of a round, as under "
        "secure aggregation"}
          .named("messages", "sum"),
      O{"ranks", &Settings::attack, &AttackPlan::all_ranks, "who works on attack tasks"}.named(
          "root", "all"),
      O{"when", &Settings::attack, &AttackPlan::each_round, "when attacks run"}.named("end",
                                                                                      "each-round"),
      {"snapshots", &Settings::written, &AsWritten::snapshots,
       "iterations at which images are kept"}};
}

OptionTable<Settings> output_options() {
  return {
      {"gradients", &Settings::capture, &CapturePolicy::gradients, "whose messages are recorded"},
      {"weights", &Settings::weights, "record the global model of every round"},
      {"rounds", &Settings::written, &AsWritten::recorded_rounds,
       "rounds recorded: all, none, last, or 0,2,5-9"},
      {"clients", &Settings::written, &AsWritten::recorded_clients,
       "hospitals recorded: all, none, last, or 0,2,5-9"},
      {"layers", &Settings::capture, &CapturePolicy::layers,
       "parameter tensors recorded: all, or names and patterns: conv1*,fc.weight"},
      {"precision", &Settings::capture, &CapturePolicy::precision,
       "type of recorded values, rounded to the nearest"}};
}

OptionTable<Settings> checkpoint_options() {
  using O = Option<Settings>;
  return {
      O{"every", &Settings::checkpoint_every, "rounds between checkpoints; 0: by time alone"}
          .at_least(0),
      O{"seconds", &Settings::checkpoint_seconds, "time between checkpoints; 0: by rounds alone"}
          .at_least(0)};
}

}  // namespace

const std::vector<FrameworkSection>& framework_sections() {
  static const std::vector<FrameworkSection> sections = {
      {"run", "the run as a whole", run_options()},
      {"data", "the images", data_options()},
      {"model", "the network", model_options()},
      {"federation", "hospitals and training", federation_options()},
      {"defense", "what hospitals do to an update before they send it", defense_options()},
      {"attack", "gradient inversion on what the server received", attack_options()},
      {"output", "what is recorded", output_options()},
      {"checkpoint", "what an interruption may cost", checkpoint_options()}};
  return sections;
}

Settings read_framework_options(const Config& config) {
  Settings settings;
  for (const FrameworkSection& section : framework_sections())
    section.options.read(config.section(section.name), &settings);
  return settings;
}

}  // namespace medpfl
