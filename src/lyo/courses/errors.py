"""What can go wrong with courses."""

from lyo.core.errors import NotFound


class CourseNotFound(NotFound):
    """There is no such course, or it is somebody else's."""

    slug = "course-not-found"
    title = "Course not found"
    default_detail = "There is no course with this id among yours."
