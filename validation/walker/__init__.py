"""A rendered person whose every angle, step and lean is known.

params -> plan (footprints and events, inputs) -> gait (solved so that planted feet do not slide) -> kinematics (joints,
bones) -> camera -> truth. That much needs no mesh: `truth.analytic_track` gives the true landmarks as a PoseTrack.
body -> clothes -> skinning -> scene -> render draw the same person into a clip.
"""
