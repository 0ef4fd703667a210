#include "results/resume/input_digests.hpp"

#include <array>
#include <sstream>

namespace medpfl {
namespace {

struct Input {
  std::string InputDigests::*digest;
  const char* name;
  const char* words;
};

const std::array<Input, 7> kInputs = {{
    {&InputDigests::train_images, "train_images", "training images"},
    {&InputDigests::train_labels, "train_labels", "training labels"},
    {&InputDigests::test_images, "test_images", "test images"},
    {&InputDigests::test_labels, "test_labels", "test labels"},
    {&InputDigests::public_images, "public_images", "public images"},
    {&InputDigests::weights, "weights", "weights file"},
    {&InputDigests::source, "source", "recorded messages"},
}};

}  // namespace

std::string to_text(const InputDigests& inputs) {
  std::string out;
  for (const Input& input : kInputs)
    if (!(inputs.*input.digest).empty())
      out += std::string(input.name) + " = " + inputs.*input.digest + "\n";
  return out;
}

InputDigests read_input_digests(const std::string& text) {
  InputDigests inputs;
  std::istringstream words(text);
  std::string name, equals, digest;
  while (words >> name >> equals >> digest)
    for (const Input& input : kInputs)
      if (name == input.name) inputs.*input.digest = digest;
  return inputs;
}

std::vector<std::string> other_inputs(const InputDigests& before, const InputDigests& now) {
  std::vector<std::string> words;
  for (const Input& input : kInputs) {
    const std::string& was = before.*input.digest;
    const std::string& is = now.*input.digest;
    if (!was.empty() && !is.empty() && was != is) words.emplace_back(input.words);
  }
  return words;
}

}  // namespace medpfl
