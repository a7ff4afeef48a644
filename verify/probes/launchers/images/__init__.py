"""Says what containers start: of images, services, pods and platforms."""
