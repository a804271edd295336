#pragma once

// All that makes the drawn videos harder or easier. It was chosen on the validation videos, and is
// a part of what the name benchmark/1 stands for: samples/benchmark/PROTOCOL.md.

// What trimmed clips have, too: to change it is to train another I3D.
namespace co2net::difficulty {

// The figure. Heights are shares of the picture's.
inline constexpr double kSmallestFigure = 0.5, kLargestFigure = 0.9;
inline constexpr double kOffCentre = 0.12;                 // at most, a share of the width
inline constexpr double kSlowest = 0.75, kFastest = 1.35;  // its tempo; 1 is that of the motions

// What is around it.
inline constexpr double kBystanderShare = 0.5, kSecondBystanderShare = 0.4;
inline constexpr double kPassersShare = 0.3, kPoleShare = 0.25, kFenceShare = 0.1;
inline constexpr double kClutterMost = 8;       // things that stand about
inline constexpr double kDistractorGap_s = 10;  // from one that moves to the next, at the mean

// The camera.
inline constexpr double kPan = 20, kTilt = 8, kShake = 1.5;  // pixels
inline constexpr double kZoom = 0.12;
inline constexpr double kLight = 0.2, kTint = 14;
inline constexpr double kSuddenLightShare = 0.3;  // of videos
inline constexpr double kLeastNoise = 2, kMostNoise = 8;
inline constexpr int kBestCrf = 20, kWorstCrf = 34;  // x264's, larger is worse

}  // namespace co2net::difficulty

// What untrimmed videos alone have.
namespace co2net::difficulty {

inline constexpr double kShortestAction_s = 1, kLongestAction_s = 20;
inline constexpr double kShortestRise_s = 0.3, kLongestRise_s = 1.5;  // until it is fully moved
inline constexpr double kPauseEvery_s = 6;  // within an action, at the mean
inline constexpr double kShortestPause_s = 0.3, kLongestPause_s = 1;
inline constexpr double kShortestGap_s = 1.5, kLongestGap_s = 15;  // between actions, by video
inline constexpr double kSeveralShare = 0.5;   // of videos: two or three classes, if they last
inline constexpr double kContextShare = 0.75;  // of videos: in their class's scenery

// Between actions.
inline constexpr double kFrozenShare = 0.25;  // of idle spells: a motion's pose, held still
inline constexpr double kPastimeShare = 0.5;  // of idle spells: moving without a name
inline constexpr double kLeastProp_s = 0.5, kMostProp_s = 4;  // before and after the action
inline constexpr double kStrayPropShare = 0.5;  // of the times when there is room for one

}  // namespace co2net::difficulty
