"""The actions of each study: one file a study, loaded when it is asked for."""
