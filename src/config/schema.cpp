#include "config/schema.hpp"

#include "attacks/attack.hpp"
#include "attacks/engines/matching_engine.hpp"
#include "attacks/labels.hpp"
#include "comm/update_sum.hpp"
#include "data/dataset.hpp"
#include "data/partition.hpp"
#include "defenses/defense.hpp"
#include "federation/algorithm.hpp"
#include "federation/server_optimizer.hpp"
#include "models/model.hpp"
#include "results/capture/gradient_capture.hpp"

namespace medpfl {
namespace {

std::vector<std::string> with_auto(std::vector<std::string> words) {
  words.insert(words.begin(), "auto");
  return words;
}

Section run_section() {
  return {"run",
          "the run as a whole",
          {text_option("name", "medpfl", "name of the run"),
           integer_option("seed", 1,
                          "root of all randomness, the experimenter's; server and hospitals get "
                          "seeds drawn from it one-way")
               .at_least(0),
           text_option("output", "runs/medpfl", "folder of the results"),
           choice_option("device", "cpu", {"auto", "cpu", "cuda"},
                         "where tensors are computed; auto: on a GPU where there is one"),
           integer_option("threads", 1,
                          "compute threads of a rank; 1 keeps results the same for any "
                          "number of ranks; auto: what the allocation gives a rank")
               .at_least(1)
               .or_word("auto")}};
}

Section data_section() {
  return {"data",
          "the images",
          {choice_option("dataset", "phantom", datasets().names(), "kind of data set"),
           text_option("path", "", "file or folder of the data set"),
           integer_option("image_size", 32, "images are resized to this many pixels a side")
               .between(8, 1024),
           integer_option("channels", 1, "1: grey, 3: RGB").between(1, 3),
           integer_option("limit", 0, "training images used; 0: all").at_least(0)}};
}

Section model_section() {
  return {
      "model",
      "the network",
      {choice_option("name", "lenet-medpfl", models().names(), "architecture"),
       choice_option("activation", "auto", with_auto(activation_names()),
                     "auto: the architecture's own"),
       choice_option("init", "pytorch", initialization_names(), "how first weights are drawn"),
       real_option("init_scale", 0.5, "uniform: half the width; normal: the deviation").above(0),
       integer_option("classes", 0, "classes; 0: those of the data set").at_least(0),
       choice_option(
           "norm_mode", "eval", norm_mode_names(),
           "what batch normalization uses in training: the stored statistics, which stay, "
           "or those of the batch"),
       text_option("normalize", "none",
                   "what the network sees of pixels in [0, 1]: none, imagenet, or numbers: means, "
                   "then deviations, of all or of each channel"),
       text_option("weights", "",
                   "file of the first weights, from torch.save of a state dict or torch.jit.save; "
                   "empty: drawn as init says"),
       flag_option("new_head", false,
                   "with model.weights: the last dense layer is drawn, for other classes"),
       integer_option("imprint_bins", 0,
                      "rows of the block a malicious server puts in front; 0: none")
           .at_least(0),
       integer_option("imprint_groups", 4,
                      "functionals of the image that share the rows; 1: as published")
           .at_least(1)}};
}

Section federation_section() {
  return {
      "federation",
      "hospitals and training",
      {choice_option("algorithm", "fedavg", algorithms().names(), "federated algorithm"),
       integer_option("clients", 4, "hospitals").at_least(1),
       integer_option("rounds", 1, "communication rounds").at_least(1),
       real_option("sampling", 1, "share of hospitals that take part in a round")
           .above(0)
           .between(0, 1),
       choice_option("partition", "iid", partition_names(), "how images are dealt to hospitals"),
       real_option("alpha", 0.5, "concentration of the dirichlet partition; small: uneven")
           .above(0),
       integer_option("shards_per_client", 2, "pieces a hospital gets under label-shards")
           .at_least(1),
       integer_option("local_epochs", 1, "passes over the shard in a round (fedavg)").at_least(1),
       integer_option("batch_size", 1, "images of a local step; 0: the whole shard").at_least(0),
       real_option("learning_rate", 0.1, "of the hospitals' SGD").above(0),
       real_option("server_learning_rate", 1, "factor of the server's step").above(0),
       choice_option("server_optimizer", "sgd", server_optimizer_names(),
                     "what the server does with the mean update"),
       real_option("server_momentum", 0.9, "of momentum; first moment of adam and yogi")
           .between(0, 0.9999),
       real_option("server_beta2", 0.99, "second moment of adam and yogi").between(0, 0.9999),
       real_option("server_tau", 1e-3, "adam and yogi: steps shrink where changes are below this")
           .above(0),
       integer_option("state_memory", 1024,
                      "MiB of hospitals' states (error feedback) a rank keeps in memory; more goes "
                      "to a scratch file in run.output")
           .at_least(0),
       flag_option("dedicated_server", false, "rank 0 hosts no hospitals"),
       integer_option("evaluate_every", 1, "rounds between evaluations; 0: only at the end")
           .at_least(0),
       choice_option("sum", "exact", update_sum_names(),
                     "how updates are added up; fast: float32, whose last bits change with the "
                     "number of ranks"),
       real_option("dropout", 0,
                   "probability that a hospital takes part in a round but its update does not "
                   "arrive")
           .between(0, 1),
       flag_option("secure_aggregation", false,
                   "updates are masked, and the server can read their sum alone"),
       real_option("secure_threshold", 0.5,
                   "more than this share of a round's hospitals must arrive for their sum to be "
                   "unmasked; as many together could unmask one")
           .between(0, 1)}};
}

Section defense_section() {
  return {"defense",
          "what hospitals do to an update before they send it",
          {text_option("chain", "", "defenses in order, comma-separated: clip,gaussian"),
           real_option("delta", 1e-5,
                       "at which the epsilon of clipped and noised updates is told; dp-sgd has its "
                       "own")
               .above(0)
               .between(0, 0.5),
           choice_option("noise", "independent", {"independent", "paired"},
                         "noise and masks of runs of one run.seed; independent: others in each "
                         "configuration; paired: the same, for comparisons, no secret then")}};
}

Section attack_section() {
  return {"attack",
          "gradient inversion on what the server received",
          {text_option("method", "", "attacks, comma-separated; empty: none"),
           text_option("rounds", "0", "rounds attacked: all, none, last, or 0,2,5-9"),
           text_option("clients", "all", "hospitals attacked: all, none, last, or 0,2,5-9"),
           integer_option("probes", 0,
                          "gradients of distinct batches each attacked hospital sends besides, "
                          "and that are attacked; 0: the update itself is")
               .at_least(0),
           integer_option("probe_batch", 1, "images of a probe").at_least(1),
           choice_option("labels", "auto", with_auto(label_rule_names()),
                         "how labels are found; auto: the attack's own"),
           integer_option("iterations", 0, "outer iterations; 0: the attack's own").at_least(0),
           integer_option("restarts", 1, "starts of each attack; the least matching loss is kept")
               .between(1, 1000),
           flag_option("halving", false,
                       "drop the weaker half of the restarts again and again on the way "
                       "(successive halving)"),
           integer_option("max_evaluations", 0, "evaluations of an attack task at most; 0: any")
               .at_least(0),
           real_option("max_seconds", 0,
                       "seconds of an attack task at most, 0: any; results then depend on speed")
               .at_least(0),
           choice_option("engine", "auto", engine_names(),
                         "how the gradient of a matching objective is computed; auto: native where "
                         "it applies, else exact"),
           choice_option("threat", "honest-but-curious", {"honest-but-curious", "malicious-server"},
                         "what the server may do; malicious-server: change the model it sends"),
           choice_option("sees", "messages", {"messages", "sum"},
                         "what is attacked; sum: only the mean of all updates of a round, as under "
                         "secure aggregation"),
           choice_option("ranks", "all", {"root", "all"}, "who works on attack tasks"),
           choice_option("when", "end", {"end", "each-round"}, "when attacks run"),
           text_option("snapshots", "1,3,10,30,100", "iterations at which images are kept")}};
}

Section output_section() {
  return {"output",
          "what is recorded",
          {choice_option("gradients", "all", capture_policies(), "whose messages are recorded"),
           flag_option("weights", true, "record the global model of every round"),
           text_option("rounds", "all", "rounds recorded: all, none, last, or 0,2,5-9"),
           text_option("clients", "all", "hospitals recorded: all, none, last, or 0,2,5-9"),
           text_option("layers", "all",
                       "parameter tensors recorded: all, or names and patterns: conv1*,fc.weight"),
           choice_option("precision", "float32", precision_names(),
                         "type of recorded values, rounded to the nearest")}};
}

Section checkpoint_section() {
  return {
      "checkpoint",
      "what an interruption may cost",
      {integer_option("every", 0, "rounds between checkpoints; 0: by time alone").at_least(0),
       real_option("seconds", 600, "time between checkpoints; 0: by rounds alone").at_least(0)}};
}

template <class Factory>
void add_components(const std::string& prefix, const Registry<Factory>& registry,
                    std::vector<Section>* out) {
  for (const auto& entry : registry.entries())
    if (!entry.options.empty())
      out->push_back({prefix + "." + entry.name, entry.summary, entry.options});
}

}  // namespace

const std::vector<Section>& config_sections() {
  static const std::vector<Section> sections = [] {
    std::vector<Section> all = {run_section(),        data_section(),      model_section(),
                                federation_section(), defense_section(),   attack_section(),
                                output_section(),     checkpoint_section()};
    add_components("data", datasets(), &all);
    add_components("model", models(), &all);
    add_components("federation", algorithms(), &all);
    add_components("defense", defenses(), &all);
    add_components("attack", attacks(), &all);
    return all;
  }();
  return sections;
}

}  // namespace medpfl
