// What attacks need of messages, said before any hospital trains.
#include "config/attack_checks.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/error.hpp"

namespace medpfl {
namespace {

using Words = std::vector<std::string>;

// What make_settings says of these options; "" nothing.
std::string refusal(const Words& options) {
  Config config;
  Words words;
  for (const std::string& option : options) words.push_back("--" + option);
  config.read_arguments(words);
  try {
    make_settings(config);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

Words fedsgd(Words more, const std::string& images) {
  more.insert(more.end(), {"federation.algorithm=fedsgd", "federation.batch_size=" + images,
                           "attack.probes=0"});
  return more;
}

TEST(AttackChecks, AnAttackOnOneImageSaysWhichOptionAndWhatInstead) {
  const std::string message =
      refusal(fedsgd({"model.name=mlp", "attack.method=idlg,fc-readout,dlg",
                      "attack.fc-readout.labels=idlg", "attack.dlg.output_error=observed"},
                     "2"));
  const std::string how =
      "attack probes (attack.probes=4), or use federation.algorithm=fedsgd with "
      "federation.batch_size=1, or ";
  EXPECT_EQ(message, "attack.labels=idlg (idlg) reads the label of one image: " + how +
                         "attack.labels=known or joint\n" +
                         "attack.labels=idlg (fc-readout) reads the label of one image: " + how +
                         "attack.labels=known or counts\n" +
                         "attack.dlg.output_error=observed holds for one image: " + how +
                         "attack.dlg.output_error=softmax");
}

TEST(AttackChecks, OneImageIsWhatASingleGradientOrAProbeOfOneShows) {
  EXPECT_EQ(refusal(fedsgd({"attack.method=idlg"}, "1")), "");
  EXPECT_EQ(refusal({"attack.method=idlg", "attack.probes=1", "attack.probe_batch=1"}), "");
  EXPECT_NE(refusal({"attack.method=idlg", "attack.probes=1", "attack.probe_batch=2"})
                .find("it needs attack.probe_batch=1, or attack.labels=known or joint"),
            std::string::npos);
}

TEST(AttackChecks, ASumIsOfSeveralImagesWhateverAHospitalSends) {
  EXPECT_NE(refusal(fedsgd({"attack.method=idlg", "attack.sees=sum"}, "1"))
                .find("attack.sees=sum shows that of all hospitals: use attack.labels=known"),
            std::string::npos);
}

TEST(AttackChecks, GuessesAtLocalTrainingNeedItsUpdates) {
  const Words guess = {"attack.method=dlg", "attack.dlg.local_rate=0.5"};
  EXPECT_EQ(refusal(fedsgd(guess, "1")),
            "attack.dlg.local_rate=0.5 is for changes of weights, and messages of "
            "federation.algorithm=fedsgd are gradients: use fedavg, or leave it out");
  Words sum = guess;
  sum.insert(sum.end(), {"federation.algorithm=fedavg", "attack.sees=sum", "attack.probes=0"});
  EXPECT_EQ(refusal(sum),
            "attack.dlg.local_rate=0.5 is for the local training of one hospital, and "
            "attack.sees=sum shows that of all: use attack.sees=messages");
}

// Simulating one step is taking its gradient, and of a sum there is nothing to simulate.
TEST(AttackChecks, AnUnrolledUpdateMayBeAGradientButNoSum) {
  const Words unroll = {"attack.method=dlg", "attack.dlg.update=unroll"};
  EXPECT_EQ(refusal(fedsgd(unroll, "1")), "");
  Words sum = unroll;
  sum.insert(sum.end(), {"federation.algorithm=fedavg", "attack.sees=sum", "attack.probes=0"});
  EXPECT_NE(refusal(sum).find("attack.dlg.update=unroll is for the local training of one"),
            std::string::npos);
}

}  // namespace
}  // namespace medpfl
