"""Pixels -> landmarks. The only code that imports cv2, av or mediapipe."""
